// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Compares the chip with a small model: random commands, in random pieces and
 * word sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/test.h"
#include "virtio/spi/spi_wire.h"

#define SIZE	    (64 * 1024u)
#define MODE_0	    0
#define MODE_3	    (VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_CPHA)
#define MESSAGE_MAX 600

static uint8_t status(struct spi_device *dev)
{
	uint8_t rx[2];
	struct spi_piece piece = { .tx = (const uint8_t *)"\x05\0",
				   .rx = rx,
				   .len = 2,
				   .bits_per_word = 8 };

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	return rx[1];
}

static void wait_ready(struct spi_device *dev)
{
	while (status(dev) & 1)
		;
}

struct model {
	uint8_t bytes[SIZE];
	bool write_enabled;
};

static uint32_t random_below(uint32_t limit)
{
	return (uint32_t)rand() % limit;
}

/* Returns the bytes in memory of a word of @width bytes on the wire. */
static uint32_t word_size(uint32_t width)
{
	return width == 3 ? 4 : width;
}

static void store_word(uint8_t *to, const uint8_t *wire, uint32_t width)
{
	uint32_t word = 0, i;
	uint16_t half;

	for (i = 0; i < width; i++)
		word = word << 8 | wire[i];
	half = (uint16_t)word;
	if (width == 1)
		*to = wire[0];
	else if (width == 2)
		memcpy(to, &half, sizeof(half));
	else
		memcpy(to, &word, sizeof(word));
}

static void load_word(uint8_t *wire, const uint8_t *from, uint32_t width)
{
	uint32_t word = *from;
	uint16_t half;

	if (width == 2) {
		memcpy(&half, from, sizeof(half));
		word = half;
	} else if (width > 2) {
		memcpy(&word, from, sizeof(word));
	}
	for (; width--; word >>= 8)
		wire[width] = (uint8_t)word;
}

/* Sends up to 40 words as one piece. Returns the bytes on the wire. */
static uint32_t random_piece(struct spi_device *dev, const uint8_t *tx,
			     uint8_t *rx, uint32_t len, bool *kept)
{
	uint32_t width = 1 + random_below(len < 4 ? len : 4);
	uint32_t words = 1 + random_below(len / width < 40 ? len / width : 40);
	uint32_t size = word_size(width), i;
	uint8_t out[160], in[160] = { 0 };
	struct spi_piece piece = { .tx = out,
				   .rx = in,
				   .len = words * size,
				   .mode = random_below(2) ? MODE_0 : MODE_3,
				   .bits_per_word = (uint8_t)(8 * width) };

	for (i = 0; i < words; i++)
		store_word(out + i * size, tx + i * width, width);
	piece.keep = words * width < len || random_below(2);
	*kept = piece.keep;
	assert_int_equal(spi_device_transfer(dev, &piece), 0);
	for (i = 0; i < words; i++)
		load_word(rx + i * width, in + i * size, width);
	return words * width;
}

static void random_message(struct spi_device *dev, const uint8_t *tx,
			   uint8_t *rx, uint32_t len)
{
	bool kept = false;
	uint32_t done;

	for (done = 0; done < len;)
		done += random_piece(dev, tx + done, rx + done, len - done,
				     &kept);
	if (kept)
		assert_int_equal(spi_device_release(dev), 0);
}

static void model_program(struct model *model, uint32_t addr,
			  const uint8_t *data, uint32_t len)
{
	uint8_t page[256];
	uint32_t i;

	if (!len || !model->write_enabled)
		return;
	memset(page, 0xff, sizeof(page));
	for (i = 0; i < len; i++)
		page[(addr + i) % 256] = data[i];
	for (i = 0; i < 256; i++)
		model->bytes[addr / 256 * 256 + i] &= page[i];
	model->write_enabled = false;
}

static void random_program(struct spi_device *dev, struct model *model)
{
	uint32_t addr = random_below(SIZE), len = random_below(300), i;
	uint8_t tx[MESSAGE_MAX], rx[MESSAGE_MAX];

	tx[0] = random_below(2) ? 0x02 : 0x32;
	tx[1] = 0;
	tx[2] = (uint8_t)(addr >> 8);
	tx[3] = (uint8_t)addr;
	for (i = 0; i < len; i++)
		tx[4 + i] = (uint8_t)(rand() | rand());
	random_message(dev, tx, rx, 4 + len);
	model_program(model, addr, tx + 4, len);
}

static void random_erase(struct spi_device *dev, struct model *model)
{
	uint32_t addr = random_below(SIZE), len = random_below(3) ? 3 : 4;
	uint32_t size = random_below(8) ? 4096 : 32768;
	uint8_t tx[5] = { size == 4096 ? 0x20 : 0x52, 0, (uint8_t)(addr >> 8),
			  (uint8_t)addr, 0 };
	uint8_t rx[5];

	random_message(dev, tx, rx, 1 + len);
	if (len != 3 || !model->write_enabled)
		return;
	memset(model->bytes + addr / size * size, 0xff, size);
	model->write_enabled = false;
}

static void random_read(struct spi_device *dev, const struct model *model)
{
	uint32_t addr = random_below(SIZE), len = 1 + random_below(500), i;
	uint8_t tx[MESSAGE_MAX] = { 0x0b, 0, (uint8_t)(addr >> 8),
				    (uint8_t)addr };
	uint8_t rx[MESSAGE_MAX];

	random_message(dev, tx, rx, 5 + len);
	for (i = 0; i < 5; i++)
		assert_int_equal(rx[i], 0xff);
	for (i = 0; i < len; i++)
		assert_int_equal(rx[5 + i], model->bytes[(addr + i) % SIZE]);
}

static void random_command(struct spi_device *dev, struct model *model)
{
	uint32_t choice = random_below(16);
	uint8_t opcode = choice ? 0x06 : 0x04;
	uint8_t rx;

	if (choice < 6) {
		random_message(dev, &opcode, &rx, 1);
		model->write_enabled = opcode == 0x06;
	} else if (choice < 10) {
		random_program(dev, model);
	} else if (choice < 11) {
		random_erase(dev, model);
	} else {
		random_read(dev, model);
	}
}

TEST(test_random_commands_match_the_model)
{
	struct sim_chip_config config = { .size = SIZE };
	struct spi_device *dev;
	struct model *model = calloc(1, sizeof(*model));
	int i;

	assert_non_null(model);
	assert_int_equal(sim_nor_open(&config, SIM_TIMING_NONE, &dev), 0);
	memset(model->bytes, 0xff, SIZE);
	srand(20240607);
	for (i = 0; i < 3000; i++) {
		random_command(dev, model);
		wait_ready(dev);
		assert_int_equal(status(dev), model->write_enabled ? 2 : 0);
	}
	spi_device_close(dev);
	free(model);
}

TEST_MAIN(NULL, NULL)
