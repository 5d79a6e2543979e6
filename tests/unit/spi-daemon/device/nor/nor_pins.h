/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The simulated NOR flash at its pins, for the tests of nor_chip.c. */
#ifndef NOR_PINS_H
#define NOR_PINS_H

#include <time.h>

#include "spi-daemon/device/nor/nor_chip.h"
#include "tests/unit/spi-daemon/device/store/memory_pins.h"

#define KIB  1024u
#define MIB  (1024 * KIB)
#define SIZE (256 * KIB)

#define WIP  1
#define WEL  2

static inline uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline int setup_size(void **state, uint64_t size)
{
	struct sim_chip_config config = { .size = size };
	struct nor_chip *chip = malloc(sizeof(*chip));

	*state = chip;
	return chip ? nor_chip_open(chip, &config) : -1;
}

static inline int setup(void **state)
{
	return setup_size(state, SIZE);
}

static inline int setup_large(void **state)
{
	return setup_size(state, 32 * MIB);
}

static inline int teardown(void **state)
{
	memory_chip_close(&((struct nor_chip *)*state)->memory.bytes);
	free(*state);
	return 0;
}

static inline uint8_t status(struct nor_chip *chip, uint8_t opcode)
{
	uint8_t value;

	ASK(chip, &value, 1, opcode);
	return value;
}

static inline void wait_ready(struct nor_chip *chip)
{
	uint64_t start = now_us();

	while (status(chip, 0x05) & WIP)
		assert_true(now_us() - start < 1000000);
}

/* A write operation, with all that belongs to it. */
static inline void write_and_wait(struct nor_chip *chip, const uint8_t *tx,
				  size_t len)
{
	SEND(chip, 0x06);
	command(chip, tx, len, NULL, 0);
	assert_true(chip->memory.state->busy_until_ns);
	wait_ready(chip);
	assert_int_equal(status(chip, 0x05) & WEL, 0);
}

#define WRITE(chip, ...) write_and_wait(chip, BYTES(__VA_ARGS__))

static inline uint8_t byte_at(struct nor_chip *chip, uint32_t addr)
{
	uint8_t value;

	ASK(chip, &value, 1, 0x13, (uint8_t)(addr >> 24), (uint8_t)(addr >> 16),
	    (uint8_t)(addr >> 8), (uint8_t)addr);
	return value;
}

/* Programs a byte behind the chip's back; and reads one. */
static inline void plant(struct nor_chip *chip, uint32_t addr, uint8_t byte)
{
	assert_int_equal(
		chip_store_program(&chip->memory.store, addr, &byte, 1), 0);
}

static inline uint8_t stored(struct nor_chip *chip, uint32_t addr)
{
	uint8_t byte = 0;

	assert_int_equal(chip_store_read(&chip->memory.store, addr, &byte, 1),
			 0);
	return byte;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define LARGE_CASE(name) \
	cmocka_unit_test_setup_teardown(name, setup_large, teardown)

#endif
