// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/sim/byte_chip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/spi/spi_wire.h"

/* 8, 16, 24 and 32 bits: the chip takes whole bytes */
#define WORD_MASK (1u << 7 | 1u << 15 | 1u << 23 | 1u << 31)

/* Names the failed step, if @error is not 0. Returns @error. */
static int name_error(struct byte_chip *bytes, int error)
{
	const char *why = "";

	if (error == -ENODATA)
		why = " was truncated";
	else if (error == -ESTALE)
		why = " was deleted or replaced";
	if (error)
		snprintf(bytes->failed_step, sizeof(bytes->failed_step),
			 "file=%.150s%s", bytes->file ? bytes->file : "", why);
	bytes->dev.failed_step = error ? bytes->failed_step : NULL;
	return error;
}

/* Words are right-aligned in 1, 2 or 4 bytes, in host byte order. */
static uint32_t load_word(const uint8_t *from, uint32_t size)
{
	uint16_t half;
	uint32_t word;

	if (size == 1)
		return *from;
	if (size == 2) {
		memcpy(&half, from, sizeof(half));
		return half;
	}
	memcpy(&word, from, sizeof(word));
	return word;
}

static void store_word(uint8_t *to, uint32_t size, uint32_t word)
{
	uint16_t half = (uint16_t)word;

	if (size == 1)
		*to = (uint8_t)word;
	else if (size == 2)
		memcpy(to, &half, sizeof(half));
	else
		memcpy(to, &word, sizeof(word));
}

static uint32_t reverse_bits(uint32_t word, uint8_t bits)
{
	uint32_t reversed = 0;

	for (; bits; bits--, word >>= 1)
		reversed = reversed << 1 | (word & 1);
	return reversed;
}

/* The highest bit of a word goes first, or the lowest with LSB_FIRST. */
static uint32_t clock_word(struct byte_chip *bytes,
			   const struct spi_piece *piece, uint32_t out)
{
	bool reverse = piece->mode & VIRTIO_SPI_MODE_LSB_FIRST;
	uint8_t bits = piece->bits_per_word;
	uint32_t in = 0;
	uint8_t left;

	if (reverse)
		out = reverse_bits(out, bits);
	for (left = bits; left; left -= 8)
		in = in << 8 |
		     bytes->ops->clock(bytes, (uint8_t)(out >> (left - 8)));
	return reverse ? reverse_bits(in, bits) : in;
}

static bool understands(const struct byte_chip *bytes,
			const struct spi_piece *piece)
{
	unsigned int mode = (piece->mode & VIRTIO_SPI_MODE_CPOL ? 2 : 0) |
			    (piece->mode & VIRTIO_SPI_MODE_CPHA ? 1 : 0);

	return bytes->modes & 1u << mode &&
	       !(piece->mode & VIRTIO_SPI_MODE_CS_HIGH) &&
	       !(piece->mode & VIRTIO_SPI_MODE_LOOP);
}

static void take_error(struct byte_chip *bytes)
{
	if (!bytes->error && bytes->ops->error)
		bytes->error = bytes->ops->error(bytes);
}

static void deselect(struct byte_chip *bytes)
{
	bytes->ops->deselect(bytes);
	bytes->selected = false;
	take_error(bytes);
}

/*
 * A command that fails at this edge belongs to a request that was answered
 * before. So the next transfer fails with the error: most often that is a
 * status read, which would report success.
 */
static int byte_chip_release(struct spi_device *dev)
{
	struct byte_chip *bytes = (struct byte_chip *)(void *)dev;

	deselect(bytes);
	return name_error(bytes, bytes->error);
}

static void clock_words(struct byte_chip *bytes, const struct spi_piece *piece)
{
	uint32_t size = spi_word_size(piece->bits_per_word);
	uint32_t i, in, out;

	for (i = 0; i < piece->len; i += size) {
		out = piece->tx ? load_word(piece->tx + i, size) : 0;
		in = clock_word(bytes, piece, out);
		if (piece->mode & VIRTIO_SPI_MODE_LOOP)
			in = out;
		if (piece->rx)
			store_word(piece->rx + i, size, in);
	}
}

/* The same for words of 8 bits, which nearly all are */
static void clock_bytes(struct byte_chip *bytes, const struct spi_piece *piece)
{
	for (uint32_t i = 0; i < piece->len; i++) {
		uint8_t out = piece->tx ? piece->tx[i] : 0;
		uint8_t in = bytes->ops->clock(bytes, out);

		if (piece->rx)
			piece->rx[i] = in;
	}
}

static void clock_piece(struct byte_chip *bytes, const struct spi_piece *piece)
{
	const uint32_t other = VIRTIO_SPI_MODE_LOOP | VIRTIO_SPI_MODE_LSB_FIRST;
	uint32_t words = piece->len / spi_word_size(piece->bits_per_word);

	if (!understands(bytes, piece))
		bytes->ops->drop(bytes);
	if (bytes->ops->announce)
		bytes->ops->announce(bytes, words * (piece->bits_per_word / 8));
	if (piece->bits_per_word == 8 && !(piece->mode & other))
		clock_bytes(bytes, piece);
	else
		clock_words(bytes, piece);
	take_error(bytes);
	sim_bus_wait_words(piece, bytes->timing);
}

/* Returns the error, which the next transfer does not see any more. */
static int end_transfer(struct byte_chip *bytes)
{
	int error = bytes->error;

	bytes->error = 0;
	return name_error(bytes, error);
}

static int byte_chip_transfer(struct spi_device *dev,
			      const struct spi_piece *piece)
{
	struct byte_chip *bytes = (struct byte_chip *)(void *)dev;
	bool keep = false;

	if (bytes->error)
		return end_transfer(bytes);
	if (!bytes->selected)
		sim_bus_wait_setup(piece);
	bytes->selected = true;
	for (; piece && !bytes->error; piece = piece->next) {
		if (piece->bits_per_word % 8) {
			deselect(bytes);
			return -EINVAL;
		}
		clock_piece(bytes, piece);
		keep = piece->keep;
	}
	if (!keep || bytes->error)
		deselect(bytes);
	return end_transfer(bytes);
}

static void byte_chip_close(struct spi_device *dev)
{
	struct byte_chip *bytes = (struct byte_chip *)(void *)dev;

	bytes->ops->close(bytes);
	free(bytes);
}

static const struct spi_device_ops byte_chip_device_ops = {
	.transfer = byte_chip_transfer,
	.release = byte_chip_release,
	.close = byte_chip_close,
};

void byte_chip_init(struct byte_chip *bytes, const struct byte_chip_ops *ops,
		    enum sim_timing timing)
{
	*bytes = (struct byte_chip){
		.dev.ops = &byte_chip_device_ops,
		.dev.caps = sim_bus_caps(timing),
		.ops = ops,
		.timing = timing,
		.modes = BYTE_CHIP_MODES_0_3,
	};
	bytes->dev.caps.bits_per_word_mask = WORD_MASK;
}
