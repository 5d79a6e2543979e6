// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The EEPROM at its pins */
#include <time.h>

#include "spi-daemon/device/eeprom/eeprom_chip.h"
#include "tests/unit/spi-daemon/device/store/memory_pins.h"

#define KIB 1024u
#define WIP 1
#define WEL 2

static struct eeprom_chip *open_chip(uint64_t size, uint32_t page,
				     enum sim_timing timing)
{
	const struct sim_chip_config config = { .size = size, .page = page };
	struct eeprom_chip *chip = malloc(sizeof(*chip));

	assert_non_null(chip);
	assert_int_equal(eeprom_chip_open(chip, &config, timing), 0);
	return chip;
}

static void close_chip(struct eeprom_chip *chip)
{
	memory_chip_close(&chip->memory.bytes);
	free(chip);
}

/* 32 KiB, pages of 64 bytes: addresses have two bytes */
static int setup(void **state)
{
	*state = open_chip(32 * KIB, 64, SIM_TIMING_NONE);
	return 0;
}

static int teardown(void **state)
{
	close_chip(*state);
	return 0;
}

#define WRITE(chip, ...)                 \
	do {                             \
		SEND(chip, 0x06);        \
		SEND(chip, __VA_ARGS__); \
	} while (0)

static uint8_t status(struct eeprom_chip *chip)
{
	uint8_t value;

	ASK(chip, &value, 1, 0x05);
	return value;
}

static uint8_t stored(struct eeprom_chip *chip, uint32_t addr)
{
	uint8_t byte = 0;

	assert_int_equal(chip_store_read(&chip->memory.store, addr, &byte, 1),
			 0);
	return byte;
}

TEST_WITH(new_chip_is_erased_and_ready, struct eeprom_chip *chip)
{
	uint8_t rx[3];

	assert_int_equal(status(chip), 0);
	ASK(chip, rx, 3, 0x03, 0x12, 0x34);
	assert_memory_equal(rx, "\xff\xff\xff", 3);
}

TEST_WITH(written_bytes_are_read, struct eeprom_chip *chip)
{
	uint8_t rx[4];

	WRITE(chip, 0x02, 0x12, 0x34, 0xa5, 0x5a);
	assert_int_equal(status(chip), 0);
	ASK(chip, rx, 4, 0x03, 0x12, 0x33);
	assert_memory_equal(rx, "\xff\xa5\x5a\xff", 4);
	/* No erase is needed: bits can become 1 again. */
	WRITE(chip, 0x02, 0x12, 0x34, 0xff);
	ASK(chip, rx, 2, 0x03, 0x12, 0x34);
	assert_memory_equal(rx, "\xff\x5a", 2);
}

TEST_WITH(write_needs_its_enable_latch, struct eeprom_chip *chip)
{
	SEND(chip, 0x02, 0, 0, 1);
	assert_int_equal(stored(chip, 0), 0xff);
	SEND(chip, 0x06);
	assert_int_equal(status(chip), WEL);
	SEND(chip, 0x04);
	assert_int_equal(status(chip), 0);
	SEND(chip, 0x02, 0, 0, 1);
	assert_int_equal(stored(chip, 0), 0xff);
}

TEST_WITH(incomplete_commands_change_nothing, struct eeprom_chip *chip)
{
	SEND(chip, 0x06);
	SEND(chip, 0x02);
	SEND(chip, 0x02, 0);
	SEND(chip, 0x02, 0, 0);
	SEND(chip, 0x01);
	SEND(chip, 0x01, 0x0c, 0x0c);
	SEND(chip, 0x04, 0);
	SEND(chip, 0x9f, 0, 0, 0);
	assert_int_equal(status(chip), WEL);
	assert_int_equal(stored(chip, 0), 0xff);
	SEND(chip, 0x04);
	SEND(chip, 0x06, 0);
	assert_int_equal(status(chip), 0);
}

TEST_WITH(data_wraps_at_the_end_of_the_page, struct eeprom_chip *chip)
{
	WRITE(chip, 0x02, 0x01, 0x3e, 1, 2, 3, 4);
	assert_int_equal(stored(chip, 0x13e), 1);
	assert_int_equal(stored(chip, 0x13f), 2);
	assert_int_equal(stored(chip, 0x100), 3);
	assert_int_equal(stored(chip, 0x101), 4);
	assert_int_equal(stored(chip, 0x102), 0xff);
	assert_int_equal(stored(chip, 0x140), 0xff);
}

TEST_WITH(of_too_much_data_the_last_counts, struct eeprom_chip *chip)
{
	uint8_t tx[3 + 70] = { 0x02, 0x01, 0x30 };

	for (uint8_t i = 0; i < 70; i++)
		tx[3 + i] = i;
	SEND(chip, 0x06);
	command(chip, tx, sizeof(tx), NULL, 0);
	/* Bytes 0 to 5 were overwritten by 64 to 69. */
	assert_int_equal(stored(chip, 0x130), 64);
	assert_int_equal(stored(chip, 0x135), 69);
	assert_int_equal(stored(chip, 0x136), 6);
	assert_int_equal(stored(chip, 0x13f), 15);
	assert_int_equal(stored(chip, 0x100), 16);
	assert_int_equal(stored(chip, 0x12f), 63);
}

TEST_WITH(read_wraps_at_the_end_of_the_chip, struct eeprom_chip *chip)
{
	uint8_t rx[2];

	WRITE(chip, 0x02, 0x7f, 0xff, 1);
	WRITE(chip, 0x02, 0, 0, 2);
	ASK(chip, rx, 2, 0x03, 0x7f, 0xff);
	assert_memory_equal(rx, "\1\2", 2);
	/* The address bit that the chip has no use for is ignored. */
	ASK(chip, rx, 2, 0x03, 0xff, 0xff);
	assert_memory_equal(rx, "\1\2", 2);
}

TEST_WITH(status_keeps_the_bits_that_can_be_written, struct eeprom_chip *chip)
{
	SEND(chip, 0x01, 0xff);
	assert_int_equal(status(chip), 0);
	WRITE(chip, 0x01, 0xff);
	assert_int_equal(status(chip), 0x8c);
	WRITE(chip, 0x01, 0);
	assert_int_equal(status(chip), 0);
}

TEST_WITH(block_protection_locks_its_part, struct eeprom_chip *chip)
{
	static const uint32_t unlocked[] = { 0x8000, 0x6000, 0x4000, 0 };

	for (uint8_t bp = 0; bp < 4; bp++) {
		for (uint32_t addr = 0; addr < 0x8000; addr += 0x1fc0) {
			uint8_t byte = (uint8_t)(bp + 1);
			bool locked = addr >= unlocked[bp];

			WRITE(chip, 0x01, 0);
			WRITE(chip, 0x02, (uint8_t)(addr >> 8), (uint8_t)addr,
			      0xee);
			WRITE(chip, 0x01, (uint8_t)(bp << 2));
			WRITE(chip, 0x02, (uint8_t)(addr >> 8), (uint8_t)addr,
			      byte);
			assert_int_equal(stored(chip, addr),
					 locked ? 0xee : byte);
			/* The chip does not accept it: the latch stays. */
			assert_int_equal(status(chip) & WEL, locked ? WEL : 0);
		}
	}
}

/* Sizes with one, two and three address bytes. */
TEST(size_decides_how_long_an_address_is)
{
	struct eeprom_chip *chip = open_chip(256, 16, SIM_TIMING_NONE);

	WRITE(chip, 0x02, 0xfe, 7);
	assert_int_equal(stored(chip, 0xfe), 7);
	close_chip(chip);
	chip = open_chip(64 * KIB, 128, SIM_TIMING_NONE);
	WRITE(chip, 0x02, 0xff, 0xfe, 7);
	assert_int_equal(stored(chip, 0xfffe), 7);
	close_chip(chip);
	chip = open_chip(256 * KIB, 256, SIM_TIMING_NONE);
	WRITE(chip, 0x02, 0x03, 0xff, 0xfe, 7);
	assert_int_equal(stored(chip, 0x3fffe), 7);
	close_chip(chip);
}

TEST(opcode_of_a_512_byte_chip_has_an_address_bit)
{
	struct eeprom_chip *chip = open_chip(512, 16, SIM_TIMING_NONE);
	uint8_t rx[2];

	WRITE(chip, 0x02, 0xff, 1);
	WRITE(chip, 0x0a, 0x00, 2);
	assert_int_equal(stored(chip, 0xff), 1);
	assert_int_equal(stored(chip, 0x100), 2);
	ASK(chip, rx, 2, 0x03, 0xff);
	assert_memory_equal(rx, "\1\2", 2);
	ASK(chip, rx, 2, 0x0b, 0x00);
	assert_memory_equal(rx, "\2\xff", 2);
	/* Other commands have no such bit. */
	SEND(chip, 0x0e);
	assert_int_equal(status(chip), 0);
	close_chip(chip);
	chip = open_chip(1 * KIB, 16, SIM_TIMING_NONE);
	WRITE(chip, 0x0a, 0, 0, 1);
	assert_int_equal(stored(chip, 0), 0xff);
	close_chip(chip);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

TEST(real_chip_is_busy_while_it_writes)
{
	struct eeprom_chip *chip = open_chip(128, 16, SIM_TIMING_REAL);
	uint64_t start = now_us();
	uint8_t rx;

	WRITE(chip, 0x02, 0, 7);
	chip->memory.state->busy_until_ns += 1000000000;
	assert_int_equal(status(chip), WIP | WEL);
	ASK(chip, &rx, 1, 0x03, 0);
	assert_int_equal(rx, 0xff);
	SEND(chip, 0x04);
	SEND(chip, 0x02, 1, 7);
	assert_int_equal(status(chip), WIP | WEL);
	assert_int_equal(stored(chip, 1), 0xff);
	chip->memory.state->busy_until_ns -= 1000000000;
	while (status(chip))
		assert_true(now_us() - start < 1000000);
	assert_true(now_us() - start >= 5000);
	ASK(chip, &rx, 1, 0x03, 0);
	assert_int_equal(rx, 7);
	close_chip(chip);
}

TEST(impossible_chips_are_refused)
{
	static const struct sim_chip_config configs[] = {
		{ .size = 64, .page = 16 },
		{ .size = 512 * KIB, .page = 16 },
		{ .size = 3 * KIB, .page = 16 },
		{ .size = KIB, .page = 0 },
		{ .size = KIB, .page = 24 },
		{ .size = KIB, .page = 512 },
		{ .size = 128, .page = 256 },
	};
	struct eeprom_chip chip;

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		assert_int_equal(
			eeprom_chip_open(&chip, &configs[i], SIM_TIMING_NONE),
			-EINVAL);
}

TEST_MAIN(setup, teardown)
