/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Fuzzes requests of two guests, on chips with each of the framings: heads of
 * any bytes, data of any length in any segments, and time that goes by. Each
 * request is answered once, with a status that there is, and what failed has
 * brought no bytes.
 */
#include <errno.h>

#include "spi-daemon/system/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/fixture/service_fixture.h"

#define REQUESTS 24 /* in an input, at most */
#define SKIP_NS	 (2 * FIXTURE_MAX_MESSAGE_MS * NS_PER_MS)
#define UNIT	 16 /* bytes; more would be too many segments */

/* Bits of the first byte of a request */
#define SECOND_GUEST 0x01
#define HEAD_RAW     0x02 /* all bytes of its head follow, not a few */
#define LATER	     0x04 /* than any message is held */
#define LONG_TX	     0x08 /* in units, not bytes */
#define LONG_RX	     0x10
#define IN_SEGMENTS  0x20
#define NO_WAIT	     0x40 /* until it is done */
#define ABORT	     0x80

struct fuzz_request {
	struct transfer transfer;
	uint8_t tx[255 * UNIT], rx[255 * UNIT];
};

static struct fuzz_request requests[REQUESTS];
static uint64_t skipped; /* ns */

static void run(struct test_guest *g)
{
	enum spi_progress progress = SPI_MORE;

	for (int i = 0; progress == SPI_MORE; i++) {
		progress = spi_service_step(&g->service, clock_now() + skipped);
		must(i < 10000);
	}
	spi_service_tick(&g->service, clock_now() + skipped);
	guest_collect(g);
}

static void fill(struct input *in, struct transfer *t, uint8_t kind)
{
	if (kind & HEAD_RAW) {
		take_bytes(in, &t->head, sizeof(t->head));
	} else {
		t->head = service_head(take(in) & 3, take(in) & 1);
		t->head.mode = take(in);
	}
	t->tx_len = take(in) * (kind & LONG_TX ? UNIT : 1);
	t->rx_len = take(in) * (kind & LONG_RX ? UNIT : 1);
	if (kind & IN_SEGMENTS) {
		t->tx_seg = take(in);
		t->rx_seg = take(in);
	}
}

static void offer(struct input *in, struct fuzz_request *request, uint8_t kind,
		  struct test_guest *g)
{
	struct transfer *t = &request->transfer;

	*t = (struct transfer){ .tx = request->tx, .rx = request->rx };
	fill(in, t, kind);
	memset(request->tx, 0, t->tx_len);
	take_bytes(in, request->tx, t->tx_len % UNIT);
	guest_add(g, t);
}

/* Until no guest waits for the other, as messages are cut in time */
static void run_all(struct service_fixture *f)
{
	for (unsigned int i = 0; i < 2 * FIXTURE_GUESTS; i++) {
		skipped += SKIP_NS;
		run(&f->guests[i % FIXTURE_GUESTS]);
	}
}

static void check(const struct transfer *t)
{
	const uint8_t *rx = t->rx;

	must(t->done && t->used_len == t->rx_len + 1 &&
	     t->status <= VIRTIO_SPI_TRANS_ERR);
	for (uint32_t i = 0; t->status && i < t->rx_len; i++)
		must(!rx[i]);
}

static void do_record(struct input *in, struct service_fixture *f,
		      struct fuzz_request *request)
{
	const uint8_t kind = take(in);
	struct test_guest *g = &f->guests[kind & SECOND_GUEST];

	if (kind & LATER)
		skipped += SKIP_NS;
	offer(in, request, kind, g);
	if (kind & ABORT)
		spi_service_abort(&g->service);
	if (kind & NO_WAIT)
		return;
	run(&f->guests[0]);
	run(&f->guests[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct service_fixture *f;
	unsigned int count = 0;
	void *state;

	skipped = 0;
	service_setup(&state);
	f = state;
	for (unsigned int i = 0; i < FIXTURE_CHIPS; i++)
		service_set_chip_framing(f, i, take_framing(&in));
	f->chips[0].fail_at = take(&in);
	f->chips[0].error = -EIO;
	while (in.left && count < REQUESTS)
		do_record(&in, f, &requests[count++]);
	run_all(f);
	for (unsigned int i = 0; i < count; i++)
		check(&requests[i].transfer);
	service_teardown(&state);
	return 0;
}
