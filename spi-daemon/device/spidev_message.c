/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>

#include "spi-daemon/device/spidev_message.h"

/* spidev takes whole microseconds; a delay is never shorter than asked. */
static uint16_t to_us(uint32_t ns)
{
	return (uint16_t)(ns / 1000 + (ns % 1000 ? 1 : 0));
}

/*
 * Few controllers have a delay between words, and the kernel silently ignores
 * one for the others. So each word is a transfer of its own then, with the
 * delay behind it, which the SPI core does.
 */
static uint32_t transfer_len(const struct spi_piece *piece, uint32_t left)
{
	return piece->word_delay_ns ? spi_word_size(piece->bits_per_word)
				    : left;
}

/* Makes @x transfer the bytes of @piece from @done on, @len of them. */
static void set_transfer(struct spi_ioc_transfer *x,
			 const struct spi_piece *piece, uint32_t done,
			 uint32_t len)
{
	bool last = done + len == piece->len;

	*x = (struct spi_ioc_transfer){
		.tx_buf = piece->tx ? (uintptr_t)piece->tx + done : 0,
		.rx_buf = piece->rx ? (uintptr_t)piece->rx + done : 0,
		.len = len,
		.speed_hz = piece->speed_hz,
		.bits_per_word = piece->bits_per_word,
		.tx_nbits = piece->tx ? piece->tx_nbits : 0,
		.rx_nbits = piece->rx ? piece->rx_nbits : 0,
		.delay_usecs =
			to_us(last ? piece->hold_ns : piece->word_delay_ns),
	};
}

/* Takes @transfer's part of the kernel's buffers, if it fits. */
static bool take_room(const struct spi_ioc_transfer *transfer,
		      uint32_t max_bytes, uint32_t *tx, uint32_t *rx)
{
	uint32_t room = (transfer->len + SPI_PIECE_ROOM - 1) / SPI_PIECE_ROOM *
			SPI_PIECE_ROOM;
	uint32_t new_tx = *tx + (transfer->tx_buf ? room : 0);
	uint32_t new_rx = *rx + (transfer->rx_buf ? room : 0);

	/* A single transfer always fits: that is what max_piece means. */
	if ((*tx || *rx) && (new_tx > max_bytes || new_rx > max_bytes))
		return false;
	*tx = new_tx;
	*rx = new_rx;
	return true;
}

static void advance(struct spidev_cursor *at, uint32_t len)
{
	at->done += len;
	if (at->done == at->piece->len)
		*at = (struct spidev_cursor){ .piece = at->piece->next };
}

unsigned int spidev_build_message(struct spidev_cursor *at, uint32_t max_bytes,
				  bool selects, struct spi_ioc_transfer *xfers)
{
	const struct spi_ioc_transfer *end = xfers + SPIDEV_MESSAGE_TRANSFERS;
	const struct spi_piece *piece = at->piece;
	struct spi_ioc_transfer *x = xfers;
	uint32_t tx = 0, rx = 0;

	assert(piece); /* the caller has something left to send */
	/* An empty transfer selects the chip; its delay runs after that. */
	if (selects && piece->setup_ns)
		*x++ = (struct spi_ioc_transfer){
			.speed_hz = piece->speed_hz,
			.bits_per_word = piece->bits_per_word,
			.delay_usecs = to_us(piece->setup_ns),
		};
	while (at->piece && x < end) {
		uint32_t len =
			transfer_len(at->piece, at->piece->len - at->done);

		set_transfer(x, at->piece, at->done, len);
		if (!take_room(x, max_bytes, &tx, &rx))
			break;
		x++;
		piece = at->piece;
		advance(at, len);
	}
	x[-1].cs_change = at->piece || piece->keep;
	return (unsigned int)(x - xfers);
}
