/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/transfer/spi_transfer.h"

/* The longest that one piece may keep the bus, and us from our front end. */
#define PIECE_NS (50 * NS_PER_MS)

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

/* The chip's own limit holds, whatever the controller's is. */
static uint32_t choose_speed(const struct chip *chip, uint32_t asked)
{
	uint32_t max = chip->caps.max_speed_hz;

	return !asked || (max && asked > max) ? max : asked;
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

/* From one word to the next, 0: unknown. */
static uint64_t word_time(const struct spi_transfer *transfer,
			  const struct chip *chip)
{
	const struct spi_head *head = &transfer->request.head;
	uint32_t speed = choose_speed(chip, head->freq);

	/* Wide transfers are shorter; that much exactness is not needed. */
	return head->word_delay_ns +
	       (speed ? head->bits_per_word * NS_PER_S / speed : 0);
}

/* Between two pieces others may get the bus: after max-message, so no later. */
static uint64_t piece_ns(const struct chip *chip)
{
	uint64_t message_ns = chip->spec->max_message_ms * NS_PER_MS;

	return message_ns < PIECE_NS ? message_ns : PIECE_NS;
}

/*
 * Words of the transfer that fit into @limit, with the delays at its ends.
 * One word always goes, so that the longest piece is @limit, or one word
 * with the delays it was asked for.
 */
static uint64_t fitting_words(const struct spi_transfer *transfer,
			      uint64_t left, uint64_t word_ns, uint64_t limit)
{
	uint64_t hold = transfer->request.head.cs_delay_hold_ns;
	uint64_t setup = setup_ns(transfer);
	uint64_t room = setup < limit ? limit - setup : 0;
	uint64_t words = word_ns ? room / word_ns : left;

	/* The last piece has a delay behind it, which counts. */
	if (words >= left && left * word_ns + hold > room)
		words = left - 1;
	return words;
}

/* Bytes of the transfer's next piece. */
static uint32_t piece_len(const struct spi_transfer *transfer,
			  const struct chip *chip)
{
	uint32_t word = spi_word_size(transfer->request.head.bits_per_word);
	uint64_t words = chip->caps.max_piece / word;
	uint64_t fitting = fitting_words(transfer, transfer->left / word,
					 word_time(transfer, chip),
					 piece_ns(chip));

	if (words > fitting)
		words = fitting;
	if (!words)
		words = 1;
	return (uint32_t)(transfer->left < words * word ? transfer->left
							: words * word);
}

/*
 * Points @piece at the guest's own buffers where they are in one piece, at
 * the bounce buffers where they are not.
 */
static int map_piece(const struct spi_request *request,
		     const struct guest_mem *mem, struct bounce *bounce,
		     struct spi_piece *piece)
{
	if (request->tx_len) {
		struct chain_cursor tx = request->tx;

		piece->tx = chain_direct(&tx, mem, piece->len);
		if (!piece->tx) {
			piece->tx = bounce_room(bounce, &bounce->tx);
			if (!piece->tx)
				return -ENOMEM;
			if (chain_read(&tx, mem, bounce->tx, piece->len) < 0)
				return -EFAULT;
		}
	}
	if (request->rx_len) {
		piece->rx = chain_direct(&request->rx, mem, piece->len);
		if (!piece->rx)
			piece->rx = bounce_room(bounce, &bounce->rx);
		if (!piece->rx)
			return -ENOMEM;
	}
	return 0;
}

/* The piece is done: moves on, and brings bounced bytes home. */
static int advance(struct spi_transfer *transfer, const struct guest_mem *mem,
		   const struct bounce *bounce, const struct spi_piece *piece)
{
	struct spi_request *request = &transfer->request;
	int ret = 0;

	if (piece->rx && piece->rx == bounce->rx)
		ret = chain_write(&request->rx, mem, piece->rx, piece->len);
	else if (piece->rx)
		chain_skip(&request->rx, piece->len);
	if (piece->tx)
		chain_skip(&request->tx, piece->len);
	transfer->left -= piece->len;
	return ret;
}

int spi_transfer_step(struct spi_transfer *transfer, struct chip *chip,
		      const struct guest_mem *mem, struct bounce *bounce)
{
	const struct spi_request *request = &transfer->request;
	const struct spi_head *head = &request->head;
	struct spi_piece piece = {
		.len = piece_len(transfer, chip),
		.speed_hz = choose_speed(chip, head->freq),
		.mode = head->mode,
		.bits_per_word = head->bits_per_word,
		.tx_nbits = head->tx_nbits,
		.rx_nbits = head->rx_nbits,
		.word_delay_ns = head->word_delay_ns,
	};
	bool last = piece.len == transfer->left;
	int ret;

	piece.keep = !last || transfer->keep;
	piece.setup_ns = setup_ns(transfer);
	/* Between two pieces there is a delay between words, too. */
	piece.hold_ns = last ? head->cs_delay_hold_ns : head->word_delay_ns;
	ret = map_piece(request, mem, bounce, &piece);
	if (ret)
		return ret;
	ret = spi_device_transfer(chip->handle->dev, &piece);
	/* Whatever came of it, some of it may be there. */
	if (piece.rx && piece.rx != bounce->rx)
		chain_wrote(&request->rx, mem, piece.len);
	return ret ? ret : advance(transfer, mem, bounce, &piece);
}
