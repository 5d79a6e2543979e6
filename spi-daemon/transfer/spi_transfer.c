/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/framing/kept_parts.h"
#include "spi-daemon/framing/spi_piece.h"
#include "spi-daemon/transfer/spi_transfer.h"

void bounce_init(struct bounce *bounce, uint32_t max_piece)
{
	*bounce = (struct bounce){ .size = max_piece };
}

void bounce_empty(struct bounce *bounce)
{
	free(bounce->tx);
	free(bounce->rx);
	bounce->tx = bounce->rx = NULL;
}

/* One of the two, or NULL without memory for it. */
static uint8_t *bounce_room(const struct bounce *bounce, uint8_t **room)
{
	if (!*room)
		*room = malloc(bounce->size);
	return *room;
}

uint64_t spi_transfer_len(const struct spi_request *request)
{
	return request->tx_len ? request->tx_len : request->rx_len;
}

bool spi_transfer_check(const struct spi_request *request,
			const struct chip *chip, char *reason)
{
	unsigned long long len = spi_transfer_len(request);
	const struct spi_head *head = &request->head;

	if (len > chip->spec->max_request)
		snprintf(reason, SPI_REASON_SIZE,
			 "%llu bytes on chip select %u: max-request is %llu",
			 len, head->chip_select_id,
			 (unsigned long long)chip->spec->max_request);
	else if (head->freq && head->freq < chip->caps.min_speed_hz)
		snprintf(reason, SPI_REASON_SIZE,
			 "clock of %u Hz on chip select %u: the device has %u "
			 "Hz or more",
			 head->freq, head->chip_select_id,
			 chip->caps.min_speed_hz);
	else
		return true;
	return false;
}

void spi_transfer_prepare(struct spi_transfer *transfer,
			  const struct chip *chip)
{
	const struct spi_head *head = &transfer->request.head;

	transfer->like = spi_piece_make(head, chip);
	transfer->word_ns = spi_piece_word_ns(head, chip);
}

void spi_transfer_begin(struct spi_transfer *transfer, bool joins, bool keep)
{
	transfer->left = spi_transfer_len(&transfer->request);
	transfer->joins = joins;
	transfer->keep = keep;
}

static uint64_t words_left(const struct spi_transfer *transfer)
{
	return spi_words(transfer->left, transfer->request.head.bits_per_word);
}

uint64_t spi_transfer_left_ns(const struct spi_transfer *transfer)
{
	return words_left(transfer) * transfer->word_ns;
}

static bool is_first(const struct spi_transfer *transfer)
{
	return transfer->left == spi_transfer_len(&transfer->request);
}

/* What the chip waits for after its select edge, ahead of this piece. */
static uint32_t setup_ns(const struct spi_transfer *transfer)
{
	return is_first(transfer) && !transfer->joins
		       ? transfer->request.head.cs_setup_ns
		       : 0;
}

/* Words of the transfer that fit into @limit, ns, with the delays at its ends.
 */
static uint64_t fitting_words(const struct spi_transfer *transfer,
			      uint64_t limit)
{
	uint64_t hold = transfer->request.head.cs_delay_hold_ns;
	uint64_t setup = setup_ns(transfer);
	uint64_t room = setup < limit ? limit - setup : 0;
	uint64_t words = words_left(transfer), ns;

	if (__builtin_mul_overflow(words, transfer->word_ns, &ns) || ns > room)
		return room / transfer->word_ns;
	/* The last piece has a delay behind it, which counts. */
	return ns + hold > room ? words - 1 : words;
}

/*
 * Bytes of the transfer's next piece, behind @lead. One word always goes, so
 * that the longest piece is @limit, or one word with the delays it was asked
 * for; but with a @lead there may be no room, and that is 0.
 */
static uint32_t piece_len(const struct spi_transfer *transfer,
			  const struct chip *chip,
			  const struct kept_parts *lead)
{
	uint32_t word = spi_word_size(transfer->request.head.bits_per_word);
	uint64_t limit = spi_piece_most_ns(chip);
	uint32_t max = chip->caps.max_piece;
	uint64_t bytes;

	if (lead) {
		limit -= kept_parts_ns(lead, chip);
		if (transfer->request.tx_len)
			max -= kept_parts_room(lead);
	}
	max &= ~(word - 1);
	bytes = fitting_words(transfer, limit) * word;
	if (bytes > max)
		bytes = max;
	if (!bytes && !lead)
		bytes = word;
	return (uint32_t)bytes;
}

/*
 * Points @piece at the guest's own buffers where they are in one piece, at
 * the bounce buffers where they are not, or are watched, or with @own.
 */
static int map_piece(const struct spi_transfer *transfer,
		     const struct guest_mem *mem, struct bounce *bounce,
		     bool own, struct spi_piece *piece)
{
	const struct spi_request *request = &transfer->request;

	if (request->tx_len) {
		if (!own)
			piece->tx = chain_direct(&request->tx, mem, piece->len);
		if (!piece->tx) {
			piece->tx = bounce_room(bounce, &bounce->tx);
			if (!piece->tx)
				return -ENOMEM;
			if (chain_peek(&request->tx, mem, bounce->tx,
				       piece->len) < 0)
				return -EFAULT;
		}
	}
	if (request->rx_len) {
		/* The guest may change what is in its own memory. */
		if (!transfer->watched && !own)
			piece->rx = chain_direct(&request->rx, mem, piece->len);
		if (!piece->rx)
			piece->rx = bounce_room(bounce, &bounce->rx);
		if (!piece->rx)
			return -ENOMEM;
	}
	return 0;
}

/* @piece has received into our own memory. */
static void note_answer(struct spi_transfer *transfer,
			const struct spi_piece *piece)
{
	struct spi_answer *answer = &transfer->answer;
	size_t first = sizeof(answer->first);

	if (is_first(transfer))
		memcpy(answer->first, piece->rx,
		       piece->len < first ? piece->len : first);
	answer->last = piece->rx[piece->len - 1];
}

/* The piece is done: moves on, and brings bounced bytes home. */
static int advance(struct spi_transfer *transfer, const struct guest_mem *mem,
		   const struct bounce *bounce, const struct spi_piece *piece)
{
	struct spi_request *request = &transfer->request;

	if (piece->rx && transfer->watched)
		note_answer(transfer, piece);
	transfer->left -= piece->len;
	if (piece->tx && transfer->left)
		chain_skip(&request->tx, piece->len);
	if (piece->rx && piece->rx == bounce->rx)
		return chain_write(&request->rx, mem, piece->rx, piece->len);
	if (piece->rx && transfer->left)
		chain_skip(&request->rx, piece->len);
	return 0;
}

/*
 * Runs @piece behind @lead; @piece is NULL if there is no room for one. Not
 * inline, as most messages have no lead, and this needs room on the stack.
 */
__attribute__((noinline)) static int run_behind(const struct kept_parts *lead,
						struct chip *chip,
						const struct spi_piece *piece)
{
	struct spi_piece pieces[KEPT_PARTS_MAX];

	return spi_device_transfer(chip->handle->dev,
				   kept_parts_link(lead, chip, pieces, piece));
}

static int run_pieces(const struct kept_parts *lead, struct chip *chip,
		      const struct spi_piece *piece)
{
	if (lead)
		return run_behind(lead, chip, piece);
	return spi_device_transfer(chip->handle->dev, piece);
}

int spi_transfer_step(struct spi_transfer *transfer,
		      const struct kept_parts *lead, struct chip *chip,
		      const struct guest_mem *mem, struct bounce *bounce)
{
	const struct spi_request *request = &transfer->request;
	const struct spi_head *head = &request->head;
	struct spi_piece piece = transfer->like;
	bool last;
	int ret;

	piece.len = piece_len(transfer, chip, lead);
	if (!piece.len)
		return run_pieces(lead, chip, NULL);
	last = piece.len == transfer->left;
	piece.keep = !last || transfer->keep;
	piece.setup_ns = setup_ns(transfer);
	/* Between two pieces there is a delay between words, too. */
	piece.hold_ns = last ? head->cs_delay_hold_ns : head->word_delay_ns;
	ret = map_piece(transfer, mem, bounce,
			spi_device_tap(chip->handle->dev) != NULL, &piece);
	if (ret)
		return ret;
	ret = run_pieces(lead, chip, &piece);
	/* Whatever came of it, some of it may be there. */
	if (piece.rx && piece.rx != bounce->rx)
		chain_wrote(&request->rx, mem, piece.len);
	return ret ? ret : advance(transfer, mem, bounce, &piece);
}
