// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A NOR flash on the simulated bus: turns pieces into bytes and edges. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/nor/nor_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/sim/sim_bus.h"
#include "virtio/spi/spi_wire.h"

/* 8, 16, 24 and 32 bits: the chip takes whole bytes */
#define WORD_MASK (1u << 7 | 1u << 15 | 1u << 23 | 1u << 31)

struct sim_nor {
	struct spi_device dev;
	enum sim_timing timing;
	struct nor_chip chip;
	bool selected;
	char failed_step[192]; /* what dev.failed_step points to */
};

/* Names the failed step, if @error is not 0. Returns @error. */
static int name_error(struct sim_nor *nor, int error)
{
	const char *why = "";

	if (error == -ENODATA)
		why = " was truncated";
	else if (error == -ESTALE)
		why = " was deleted or replaced";
	if (error)
		snprintf(nor->failed_step, sizeof(nor->failed_step),
			 "file=%.150s%s", nor->chip.store.image.path, why);
	nor->dev.failed_step = error ? nor->failed_step : NULL;
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
static uint32_t clock_word(struct nor_chip *chip, const struct spi_piece *piece,
			   uint32_t out)
{
	bool reverse = piece->mode & VIRTIO_SPI_MODE_LSB_FIRST;
	uint8_t bits = piece->bits_per_word;
	uint32_t in = 0;
	uint8_t left;

	if (reverse)
		out = reverse_bits(out, bits);
	for (left = bits; left; left -= 8)
		in = in << 8 |
		     nor_chip_clock(chip, (uint8_t)(out >> (left - 8)));
	return reverse ? reverse_bits(in, bits) : in;
}

/*
 * Returns true if the chip understands the mode: 0 or 3, with an active-low
 * chip select. In any other mode it ignores the command, and the host reads
 * FFh. With LOOP it ignores the command too, and the host reads what it sends.
 */
static bool understands(const struct spi_piece *piece)
{
	uint32_t clock = VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_CPHA;

	return (!(piece->mode & clock) || (piece->mode & clock) == clock) &&
	       !(piece->mode & VIRTIO_SPI_MODE_CS_HIGH) &&
	       !(piece->mode & VIRTIO_SPI_MODE_LOOP);
}

static void deselect(struct sim_nor *nor)
{
	nor_chip_deselect(&nor->chip);
	nor->selected = false;
}

/*
 * A program or erase that fails at this edge belongs to a request that was
 * answered before. So the next transfer fails with the error: most often that
 * is a status read, which would report success.
 */
static int nor_release(struct spi_device *dev)
{
	struct sim_nor *nor = (struct sim_nor *)(void *)dev;

	deselect(nor);
	return name_error(nor, nor->chip.error);
}

static void clock_piece(struct sim_nor *nor, const struct spi_piece *piece)
{
	uint32_t size = spi_word_size(piece->bits_per_word);
	uint32_t i, in, out;

	if (!understands(piece))
		nor_chip_drop_command(&nor->chip);
	nor_chip_announce(&nor->chip,
			  piece->len / size * (piece->bits_per_word / 8));
	for (i = 0; i < piece->len; i += size) {
		out = piece->tx ? load_word(piece->tx + i, size) : 0;
		in = clock_word(&nor->chip, piece, out);
		if (piece->mode & VIRTIO_SPI_MODE_LOOP)
			in = out;
		if (piece->rx)
			store_word(piece->rx + i, size, in);
	}
	sim_bus_wait_words(piece, nor->timing);
}

static int nor_transfer(struct spi_device *dev, const struct spi_piece *piece)
{
	struct sim_nor *nor = (struct sim_nor *)(void *)dev;
	bool keep = false;

	if (nor->chip.error)
		return name_error(nor, nor_chip_error(&nor->chip));
	if (!nor->selected)
		sim_bus_wait_setup(piece);
	nor->selected = true;
	for (; piece && !nor->chip.error; piece = piece->next) {
		if (piece->bits_per_word % 8) {
			deselect(nor);
			return -EINVAL;
		}
		clock_piece(nor, piece);
		keep = piece->keep;
	}
	if (!keep || nor->chip.error)
		deselect(nor);
	return name_error(nor, nor_chip_error(&nor->chip));
}

static void nor_close(struct spi_device *dev)
{
	struct sim_nor *nor = (struct sim_nor *)(void *)dev;

	nor_chip_close(&nor->chip);
	free(nor);
}

static const struct spi_device_ops nor_device_ops = {
	.transfer = nor_transfer,
	.release = nor_release,
	.close = nor_close,
};

int sim_nor_open(const struct sim_nor_config *config, enum sim_timing timing,
		 struct spi_device **out)
{
	struct sim_nor *nor = calloc(1, sizeof(*nor));
	int ret;

	if (!nor)
		return -ENOMEM;
	ret = nor_chip_open(&nor->chip, config);
	if (ret) {
		free(nor);
		return ret;
	}
	nor->dev.ops = &nor_device_ops;
	nor->dev.caps = sim_bus_caps(timing);
	nor->timing = timing;
	nor->dev.caps.bits_per_word_mask = WORD_MASK;
	*out = &nor->dev;
	return 0;
}
