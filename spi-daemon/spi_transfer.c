/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "spi-daemon/clock.h"
#include "spi-daemon/spi_transfer.h"

/* The longest that one piece may keep the bus, and us from our front end. */
#define PIECE_NS (50 * NS_PER_MS)

int bounce_init(struct bounce *bounce, uint32_t max_piece)
{
	*bounce = (struct bounce){
		.tx = malloc(max_piece),
		.rx = malloc(max_piece),
	};
	if (bounce->tx && bounce->rx)
		return 0;
	bounce_fini(bounce);
	return -ENOMEM;
}

void bounce_fini(struct bounce *bounce)
{
	free(bounce->tx);
	free(bounce->rx);
}

uint64_t spi_transfer_len(const struct spi_request *request)
{
	return request->tx_len ? request->tx_len : request->rx_len;
}

/* The chip's own limit holds, whatever the controller's is. */
static uint32_t choose_speed(const struct chip *chip, uint32_t asked)
{
	uint32_t max = chip->caps.max_speed_hz;

	return !asked || (max && asked > max) ? max : asked;
}

/* Bytes of the transfer that fit into PIECE_NS, and into one message. */
static uint32_t piece_len(const struct spi_transfer *transfer,
			  const struct chip *chip)
{
	const struct spi_head *head = &transfer->request.head;
	uint32_t word = spi_word_size(head->bits_per_word);
	uint32_t speed = choose_speed(chip, head->freq);
	uint64_t word_ns = head->word_delay_ns;
	uint64_t words = chip->caps.max_piece / word;

	/* Wide transfers are shorter; that much exactness is not needed. */
	if (speed)
		word_ns += head->bits_per_word * NS_PER_S / speed;
	if (word_ns && words > PIECE_NS / word_ns)
		words = PIECE_NS / word_ns;
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
			if (chain_read(&tx, mem, bounce->tx, piece->len) < 0)
				return -EFAULT;
			piece->tx = bounce->tx;
		}
	}
	if (request->rx_len) {
		piece->rx = chain_direct(&request->rx, mem, piece->len);
		if (!piece->rx)
			piece->rx = bounce->rx;
	}
	return 0;
}

/* The piece is done: moves on, and brings bounced bytes home. */
static int advance(struct spi_transfer *transfer, const struct guest_mem *mem,
		   const struct bounce *bounce, const struct spi_piece *piece)
{
	struct spi_request *request = &transfer->request;
	int ret = 0;

	if (piece->rx == bounce->rx)
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
	bool first = transfer->left == spi_transfer_len(request);
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
	piece.setup_ns = first && !transfer->joins ? head->cs_setup_ns : 0;
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
