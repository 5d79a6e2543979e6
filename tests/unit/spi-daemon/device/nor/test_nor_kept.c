// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* A chip whose state is in memory that outlives it. */
#include <stdio.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "tests/lib/host/emulator.h"
#include "tests/unit/spi-daemon/device/nor/nor_pins.h"
#include "tests/unit/spi-daemon/device/store/kept_memory.h"

struct kept {
	struct nor_chip chip;
	struct sim_chip_config config;
	size_t size; /* of the memory */
	int fd;
	char file[64];
};

static void open_chip(struct kept *k)
{
	k->config.memory = kept_memory_map(k->fd, k->size);
	assert_int_equal(nor_chip_open(&k->chip, &k->config), 0);
}

static int setup_kept_with(void **state, const char *file)
{
	struct kept *k = calloc(1, sizeof(*k));

	*state = k;
	assert_non_null(k);
	k->config.size = SIZE;
	if (file) {
		snprintf(k->file, sizeof(k->file), "/tmp/test-kept-%d.%s",
			 getpid(), file);
		k->config.file = k->file;
	}
	k->size = sim_nor_memory_size(&k->config);
	k->fd = kept_memory_create(k->size);
	open_chip(k);
	return 0;
}

static int setup_kept(void **state)
{
	return setup_kept_with(state, NULL);
}

static int teardown_kept(void **state)
{
	struct kept *k = *state;

	memory_chip_close(&k->chip.memory.bytes);
	close(k->fd);
	if (k->config.file)
		unlink(k->config.file);
	free(k);
	return 0;
}

static void reopen(struct kept *k)
{
	lose_process(&k->chip.memory);
	open_chip(k);
}

/* Goes back to the moment in which the write in @state had begun. */
static void interrupt_write(struct kept *k, const uint8_t *tx, size_t len)
{
	struct nor_state *state = nor_state_of(&k->chip.memory);

	SEND(&k->chip, 0x06);
	command(&k->chip, tx, len, NULL, 0);
	assert_int_equal(state->common.opcode, 0);
	state->common.opcode = tx[0];
	state->common.busy_until_ns = 0;
}

TEST_WITH(unused_memory_is_an_unused_chip, struct kept *k)
{
	assert_int_equal(status(&k->chip, 0x05), 0);
	assert_int_equal(byte_at(&k->chip, 0), 0xff);
	assert_int_equal(byte_at(&k->chip, SIZE - 1), 0xff);
}

TEST_WITH(registers_are_kept, struct kept *k)
{
	WRITE(&k->chip, 0x01, 0x04, 0x02);
	SEND(&k->chip, 0x06);
	SEND(&k->chip, 0xb7);
	reopen(k);
	assert_int_equal(status(&k->chip, 0x05), WEL | 0x04);
	assert_int_equal(status(&k->chip, 0x35), 0x02);
	assert_int_equal(status(&k->chip, 0x15), 1);
	SEND(&k->chip, 0x04);
	SEND(&k->chip, 0xe9);
	reopen(k);
	assert_int_equal(status(&k->chip, 0x05), 0x04);
	assert_int_equal(status(&k->chip, 0x15), 0);
}

TEST_WITH(contents_are_kept, struct kept *k)
{
	need_memory_removal();
	WRITE(&k->chip, 0x02, 0, 0x10, 0x00, 0x12);
	WRITE(&k->chip, 0x02, 2, 0x10, 0x00, 0x34);
	reopen(k);
	assert_int_equal(byte_at(&k->chip, 0x1000), 0x12);
	assert_int_equal(byte_at(&k->chip, 0x21000), 0x34);
	WRITE(&k->chip, 0x20, 0, 0x10, 0x00);
	WRITE(&k->chip, 0xd8, 2, 0, 0);
	assert_int_equal(byte_at(&k->chip, 0x1000), 0xff);
	assert_int_equal(byte_at(&k->chip, 0x21000), 0xff);
	reopen(k);
	assert_int_equal(byte_at(&k->chip, 0x1000), 0xff);
	assert_int_equal(byte_at(&k->chip, 0x21000), 0xff);
}

TEST_WITH(busy_time_goes_on, struct kept *k)
{
	uint64_t until;

	SEND(&k->chip, 0x06);
	SEND(&k->chip, 0xc7);
	until = k->chip.memory.state->busy_until_ns;
	k->chip.memory.state->busy_until_ns += NS_PER_S / 2;
	reopen(k);
	assert_int_equal(k->chip.memory.state->busy_until_ns,
			 until + NS_PER_S / 2);
	assert_int_equal(status(&k->chip, 0x05), WIP | WEL);
	SEND(&k->chip, 0x04);
	k->chip.memory.state->busy_until_ns = 1;
	reopen(k);
	assert_int_equal(status(&k->chip, 0x05), 0);
}

TEST_WITH(interrupted_program_is_completed, struct kept *k)
{
	interrupt_write(k, BYTES(0x02, 0, 0x10, 0xfe, 1, 2, 3));
	/* One of its bytes had not been programmed yet. */
	k->chip.memory.store.memory[0x10ff] = 0;
	reopen(k);
	assert_int_equal(k->chip.memory.state->opcode, 0);
	assert_true(k->chip.memory.state->busy_until_ns);
	wait_ready(&k->chip);
	assert_int_equal(status(&k->chip, 0x05), 0);
	assert_int_equal(byte_at(&k->chip, 0x10fe), 1);
	assert_int_equal(byte_at(&k->chip, 0x10ff), 2);
	assert_int_equal(byte_at(&k->chip, 0x1000), 3);
	assert_int_equal(byte_at(&k->chip, 0x1001), 0xff);
}

TEST_WITH(interrupted_erase_is_completed, struct kept *k)
{
	need_memory_removal();
	interrupt_write(k, BYTES(0xd8, 1, 0, 0));
	plant(&k->chip, 0x1ffff, 7);
	plant(&k->chip, 0x20000, 7);
	reopen(k);
	assert_true(k->chip.memory.state->busy_until_ns);
	wait_ready(&k->chip);
	assert_int_equal(byte_at(&k->chip, 0x1ffff), 0xff);
	assert_int_equal(byte_at(&k->chip, 0x20000), 7);
}

TEST_WITH(interrupted_register_write_is_completed, struct kept *k)
{
	interrupt_write(k, BYTES(0x01, 0x0c, 0x40));
	nor_state_of(&k->chip.memory)->status2 = 0;
	reopen(k);
	wait_ready(&k->chip);
	assert_int_equal(status(&k->chip, 0x05), 0x0c);
	assert_int_equal(status(&k->chip, 0x35), 0x40);
}

TEST_WITH(command_that_was_not_deselected_is_lost, struct kept *k)
{
	SEND(&k->chip, 0x06);
	memory_chip_clock(&k->chip.memory.bytes, 0x02);
	memory_chip_clock(&k->chip.memory.bytes, 0);
	reopen(k);
	assert_int_equal(status(&k->chip, 0x05), WEL);
	WRITE(&k->chip, 0x02, 0, 0, 0, 0x12);
	assert_int_equal(byte_at(&k->chip, 0), 0x12);
}

/* Any of these, and the chip is an unused one. */
TEST_WITH(state_that_no_chip_can_have_is_dropped, struct kept *k)
{
	enum {
		STAMP,
		OTHER_SIZE,
		STATUS1,
		STATUS2,
		WELS,
		MODE,
		RESET,
		BUSY,
		OPCODE,
		NO_WRITE,
		NO_DATA,
		CASES
	};

	need_memory_removal();
	for (int i = 0; i < CASES; i++) {
		struct nor_state *state = nor_state_of(&k->chip.memory);

		WRITE(&k->chip, 0x02, 0, 0, 0, 0x12);
		SEND(&k->chip, 0x06);
		state->common.stamp ^= i == STAMP;
		state->common.size ^= i == OTHER_SIZE ? 3 * SIZE : 0;
		state->status1 |= i == STATUS1;
		state->status2 |= i == STATUS2;
		state->common.write_enabled += i == WELS;
		state->addr_4byte += 2 * (i == MODE);
		state->reset_enabled += 2 * (i == RESET);
		state->common.busy_until_ns = i == BUSY ? UINT64_MAX : 0;
		state->common.opcode = i == OPCODE     ? 0xee
				       : i == NO_WRITE ? 0x05
						       : 0;
		if (i == NO_DATA) {
			state->common.opcode = 0x01;
			state->common.data = 3;
		}
		reopen(k);
		assert_int_equal(status(&k->chip, 0x05), 0);
		assert_int_equal(byte_at(&k->chip, 0), 0xff);
		assert_int_equal(k->chip.memory.state->opcode, 0);
	}
}

TEST_WITH(random_memory_is_an_unused_chip, struct kept *k)
{
	uint32_t random = 1;

	need_memory_removal();
	for (int i = 0; i < 20; i++) {
		uint8_t *bytes = k->config.memory;

		for (size_t at = 0; at < k->size; at++) {
			random = random * 1664525 + 1013904223;
			bytes[at] = (uint8_t)(random >> 24);
		}
		reopen(k);
		assert_int_equal(status(&k->chip, 0x05), 0);
		assert_int_equal(byte_at(&k->chip, 0x3210), 0xff);
		WRITE(&k->chip, 0x02, 0, 0, 0, 0x12);
	}
}

/* The contents are the file's; the memory has the rest. */
TEST(chip_with_a_file_keeps_its_registers)
{
	struct kept *k;
	void *state;

	setup_kept_with(&state, "image");
	k = state;
	assert_true(k->size < SIZE);
	SEND(&k->chip, 0xb7);
	interrupt_write(k, BYTES(0x12, 0, 0, 0x10, 0, 0x12));
	chip_store_erase(&k->chip.memory.store, 0x1000, 4 * KIB);
	reopen(k);
	wait_ready(&k->chip);
	assert_int_equal(byte_at(&k->chip, 0x1000), 0x12);
	assert_int_equal(status(&k->chip, 0x15), 1);
	teardown_kept(&state);
}

TEST_MAIN(setup_kept, teardown_kept)
