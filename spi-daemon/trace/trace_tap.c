/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "spi-daemon/trace/trace_tap.h"

static struct trace_tap *to_tap(struct spi_tap *tap)
{
	return (struct trace_tap *)(void *)tap;
}

static void put(struct trace_tap *tap, struct trace_record *record,
		const void *tx, const void *rx, uint32_t len)
{
	pthread_mutex_lock(&tap->lock);
	for (unsigned int i = 0; i < tap->count; i++) {
		if (tap->links[i].trace->of_requests !=
		    (record->kind == TRACE_REQUEST))
			continue;
		record->chip = tap->links[i].chip;
		trace_queue_put(&tap->links[i].trace->queue, record, tx, rx,
				len);
	}
	pthread_mutex_unlock(&tap->lock);
}

static struct trace_piece describe(const struct spi_piece *piece)
{
	return (struct trace_piece){
		.len = piece->len,
		.speed_hz = piece->speed_hz,
		.mode = piece->mode,
		.word_delay_ns = piece->word_delay_ns,
		.setup_ns = piece->setup_ns,
		.hold_ns = piece->hold_ns,
		.bits_per_word = piece->bits_per_word,
		.tx_nbits = piece->tx_nbits,
		.rx_nbits = piece->rx_nbits,
		.has_tx = piece->tx,
		.has_rx = piece->rx,
		.last = !piece->next,
		.keep = piece->keep,
	};
}

static void transferred(struct spi_tap *spi_tap, const struct spi_piece *piece,
			int ret, uint64_t begin, uint64_t end)
{
	struct trace_tap *tap = to_tap(spi_tap);
	bool first = true;

	for (; piece; piece = piece->next) {
		struct trace_record record = {
			.kind = TRACE_PIECE,
			.begin = begin,
			.end = end,
			.piece = describe(piece),
			.error = -ret,
		};

		record.piece.first = first;
		first = false;
		if (ret < 0) {
			/* Nobody knows what of it was on the wire. */
			put(tap, &record, NULL, NULL, 0);
			break;
		}
		put(tap, &record, piece->tx, piece->rx, piece->len);
	}
}

static void released(struct spi_tap *spi_tap, uint64_t at)
{
	struct trace_record record = {
		.kind = TRACE_RELEASE,
		.begin = at,
		.end = at,
	};

	put(to_tap(spi_tap), &record, NULL, NULL, 0);
}

void trace_tap_request(struct trace_tap *tap,
		       const struct trace_request *request, uint64_t begin,
		       uint64_t end)
{
	struct trace_record record = {
		.kind = TRACE_REQUEST,
		.begin = begin,
		.end = end,
	};

	put(tap, &record, request, NULL, sizeof(*request));
}

void trace_tap_init(struct trace_tap *tap)
{
	*tap = (struct trace_tap){
		.tap = { .transferred = transferred, .released = released },
	};
	pthread_mutex_init(&tap->lock, NULL);
}

void trace_tap_fini(struct trace_tap *tap)
{
	pthread_mutex_destroy(&tap->lock);
}

void trace_tap_set(struct trace_tap *tap, struct spi_device *dev,
		   const struct trace_link *links, unsigned int count)
{
	assert(count <= TRACE_TAP_MAX);
	pthread_mutex_lock(&tap->lock);
	/* No links may have no address, which memcpy() does not allow. */
	if (count > 0)
		memcpy(tap->links, links, count * sizeof(*links));
	tap->count = count;
	pthread_mutex_unlock(&tap->lock);
	/* Release: who sees the tap sees what is in it. */
	atomic_store_explicit(&dev->tap, count ? &tap->tap : NULL,
			      memory_order_release);
}
