// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* An EEPROM whose state is in memory that outlives it, or in a file */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spi-daemon/device/eeprom/eeprom_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/test.h"

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
	k->config.memory = mmap(NULL, k->size, PROT_READ | PROT_WRITE,
				MAP_SHARED, k->fd, 0);
	assert_true(k->config.memory != MAP_FAILED);
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
	k->fd = memfd_create("kept", MFD_CLOEXEC);
	assert_int_equal(ftruncate(k->fd, (off_t)k->size), 0);
	open_chip(k);
	return 0;
}

static int teardown(void **state)
{
	struct kept *k = *state;

	eeprom_chip_close(&k->chip.bytes);
	close(k->fd);
	unlink(k->file);
	free(k);
	return 0;
}

/* What another process finds: the state as it is, and nothing selected. */
static void reopen(struct kept *k)
{
	eeprom_chip_drop_command(&k->chip.bytes);
	eeprom_chip_close(&k->chip.bytes);
	open_chip(k);
}

static void send(struct kept *k, const void *tx, size_t len)
{
	const uint8_t *bytes = tx;

	while (len--)
		eeprom_chip_clock(&k->chip.bytes, *bytes++);
	eeprom_chip_deselect(&k->chip.bytes);
}

static uint8_t ask(struct kept *k, const void *tx, size_t len)
{
	const uint8_t *bytes = tx;
	uint8_t out;

	while (len--)
		eeprom_chip_clock(&k->chip.bytes, *bytes++);
	out = eeprom_chip_clock(&k->chip.bytes, 0);
	eeprom_chip_deselect(&k->chip.bytes);
	return out;
}

TEST_WITH(contents_and_status_are_kept, struct kept *k)
{
	send(k, "\x06", 1);
	send(k, "\x02\0\x10\x12", 4);
	send(k, "\x06", 1);
	send(k, "\x01\x04", 2);
	send(k, "\x06", 1);
	reopen(k);
	assert_int_equal(ask(k, "\x05", 1), 0x06);
	assert_int_equal(ask(k, "\x03\0\x10", 3), 0x12);
}

TEST_WITH(interrupted_write_is_completed, struct kept *k)
{
	send(k, "\x06", 1);
	send(k, "\x02\0\x1f\1\2", 5);
	assert_int_equal(k->chip.state->common.opcode, 0);
	k->chip.state->common.opcode = 0x02;
	assert_int_equal(chip_store_erase(&k->chip.store, 0x10, 1), 0);
	reopen(k);
	assert_int_equal(k->chip.state->common.opcode, 0);
	assert_int_equal(ask(k, "\x03\0\x1f", 3), 1);
	assert_int_equal(ask(k, "\x03\0\x10", 3), 2);
	assert_int_equal(ask(k, "\x03\0\x11", 3), 0xff);
}

/* Any of these, and the chip is an unused one. */
TEST_WITH(state_that_no_chip_can_have_is_dropped, struct kept *k)
{
	for (int i = 0; i < 5; i++) {
		struct eeprom_state *state = k->chip.state;

		send(k, "\x06", 1);
		send(k, "\x02\0\0\x12", 4);
		send(k, "\x06", 1);
		state->common.stamp ^= i == 0;
		state->common.size += i == 1;
		state->status |= i == 2 ? 0x10 : 0;
		state->common.opcode = i == 3 ? 0x03 : 0;
		if (i == 4) {
			state->common.opcode = 0x01;
			state->common.data = 2;
		}
		reopen(k);
		assert_int_equal(ask(k, "\x05", 1), 0);
		assert_int_equal(ask(k, "\x03\0\0", 3), 0xff);
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
