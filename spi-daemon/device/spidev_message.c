/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/device/spidev_message.h"

#define MAX_WORDS (SPIDEV_MESSAGE_TRANSFERS - 1)

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

/* The bytes of @piece from @done on, @len of them. */
static struct spi_ioc_transfer data_transfer(const struct spi_piece *piece,
					     uint32_t done, uint32_t len)
{
	bool last = done + len == piece->len;

	return (struct spi_ioc_transfer){
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

unsigned int spidev_build_message(const struct spi_piece *piece,
				  uint32_t max_bytes, bool selects,
				  uint32_t *done,
				  struct spi_ioc_transfer *xfers)
{
	unsigned int words = max_bytes / SPIDEV_DMA_ALIGN;
	struct spi_ioc_transfer *x = xfers;

	if (words > MAX_WORDS)
		words = MAX_WORDS;
	/* An empty transfer selects the chip; its delay runs after that. */
	if (selects && piece->setup_ns)
		*x++ = (struct spi_ioc_transfer){
			.speed_hz = piece->speed_hz,
			.bits_per_word = piece->bits_per_word,
			.delay_usecs = to_us(piece->setup_ns),
		};
	do {
		uint32_t len = transfer_len(piece, piece->len - *done);

		*x++ = data_transfer(piece, *done, len);
		*done += len;
	} while (*done < piece->len && x < xfers + words);
	x[-1].cs_change = piece->keep || *done < piece->len;
	return (unsigned int)(x - xfers);
}
