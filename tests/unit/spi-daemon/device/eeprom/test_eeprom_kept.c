// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* An EEPROM whose state is in memory that outlives it, or in a file */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "spi-daemon/device/eeprom/eeprom_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "tests/unit/spi-daemon/device/store/kept_memory.h"
#include "tests/unit/spi-daemon/device/store/memory_pins.h"

#define SIZE 1024

struct kept {
	struct eeprom_chip chip;
	struct sim_chip_config config;
	size_t size; /* of the memory */
	int fd;
	char file[40];
};

static void open_chip(struct kept *k)
{
	k->config.memory = kept_memory_map(k->fd, k->size);
	assert_int_equal(
		eeprom_chip_open(&k->chip, &k->config, SIM_TIMING_NONE), 0);
}

static int setup(void **state)
{
	struct kept *k = calloc(1, sizeof(*k));

	*state = k;
	assert_non_null(k);
	snprintf(k->file, sizeof(k->file), "/tmp/test-eeprom-%d", getpid());
	k->config.size = SIZE;
	k->config.page = 16;
	k->size = sim_eeprom_memory_size(&k->config);
	k->fd = kept_memory_create(k->size);
	open_chip(k);
	return 0;
}

static int teardown(void **state)
{
	struct kept *k = *state;

	memory_chip_close(&k->chip.memory.bytes);
	close(k->fd);
	unlink(k->file);
	free(k);
	return 0;
}

static void reopen(struct kept *k)
{
	lose_process(&k->chip.memory);
	open_chip(k);
}

static uint8_t status(struct kept *k)
{
	uint8_t value;

	ASK(&k->chip, &value, 1, 0x05);
	return value;
}

static uint8_t byte_at(struct kept *k, uint8_t addr)
{
	uint8_t value;

	ASK(&k->chip, &value, 1, 0x03, 0, addr);
	return value;
}

TEST_WITH(contents_and_status_are_kept, struct kept *k)
{
	SEND(&k->chip, 0x06);
	SEND(&k->chip, 0x02, 0x00, 0x10, 0x12);
	SEND(&k->chip, 0x06);
	SEND(&k->chip, 0x01, 0x04);
	SEND(&k->chip, 0x06);
	reopen(k);
	assert_int_equal(status(k), 0x06);
	assert_int_equal(byte_at(k, 0x10), 0x12);
}

TEST_WITH(interrupted_write_is_completed, struct kept *k)
{
	SEND(&k->chip, 0x06);
	SEND(&k->chip, 0x02, 0x00, 0x1f, 0x01, 0x02);
	assert_int_equal(k->chip.memory.state->opcode, 0);
	k->chip.memory.state->opcode = 0x02;
	assert_int_equal(chip_store_erase(&k->chip.memory.store, 0x10, 1), 0);
	reopen(k);
	assert_int_equal(k->chip.memory.state->opcode, 0);
	assert_int_equal(byte_at(k, 0x1f), 1);
	assert_int_equal(byte_at(k, 0x10), 2);
	assert_int_equal(byte_at(k, 0x11), 0xff);
}

/* Any of these, and the chip is an unused one. */
TEST_WITH(state_that_no_chip_can_have_is_dropped, struct kept *k)
{
	for (int i = 0; i < 5; i++) {
		struct eeprom_state *state = eeprom_state_of(&k->chip.memory);

		SEND(&k->chip, 0x06);
		SEND(&k->chip, 0x02, 0x00, 0x00, 0x12);
		SEND(&k->chip, 0x06);
		state->common.stamp ^= i == 0;
		state->common.size += i == 1;
		state->status |= i == 2 ? 0x10 : 0;
		state->common.opcode = i == 3 ? 0x03 : 0;
		if (i == 4) {
			state->common.opcode = 0x01;
			state->common.data = 2;
		}
		reopen(k);
		assert_int_equal(status(k), 0);
		assert_int_equal(byte_at(k, 0x00), 0xff);
	}
}

static void piece(struct spi_device *dev, const void *tx, void *rx,
		  uint32_t len, int expected)
{
	const struct spi_piece p = {
		.tx = tx, .rx = rx, .len = len, .bits_per_word = 8
	};

	assert_int_equal(spi_device_transfer(dev, &p), expected);
}

TEST_WITH(file_keeps_the_contents_and_tells_of_errors, struct kept *k)
{
	const struct sim_chip_config config = { .size = SIZE,
						.page = 16,
						.file = k->file };
	struct spi_device *dev, *other;
	uint8_t rx[4];

	assert_int_equal(sim_eeprom_open(&config, SIM_TIMING_NONE, &dev), 0);
	assert_int_equal(sim_eeprom_open(&config, SIM_TIMING_NONE, &other),
			 -EBUSY);
	piece(dev, "\x06", NULL, 1, 0);
	piece(dev, "\x02\0\x10\x12", NULL, 4, 0);
	spi_device_close(dev);
	assert_int_equal(sim_eeprom_open(&config, SIM_TIMING_NONE, &dev), 0);
	piece(dev, "\x03\0\x10", rx, 4, 0);
	assert_int_equal(rx[3], 0x12);
	assert_int_equal(truncate(k->file, 0), 0);
	piece(dev, "\x03\0\x10", rx, 4, -ENODATA);
	assert_non_null(strstr(dev->failed_step, k->file));
	piece(dev, "\x06", NULL, 1, 0);
	piece(dev, "\x02\0\x10\x12", NULL, 4, -ENODATA);
	piece(dev, "\x05", rx, 2, 0);
	assert_int_equal(rx[1], 0);
	spi_device_close(dev);
}

TEST_MAIN(setup, teardown)
