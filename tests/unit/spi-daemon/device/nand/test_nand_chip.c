// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The NAND flash: what its commands do */
#include <time.h>

#include "tests/unit/spi-daemon/device/nand/nand_pins.h"

static struct nand_chip *open_chip(const struct sim_chip_config *config,
				   enum sim_timing timing)
{
	struct nand_chip *chip = malloc(sizeof(*chip));

	assert_non_null(chip);
	assert_int_equal(nand_chip_open(chip, config, timing), 0);
	return chip;
}

static void close_chip(struct nand_chip *chip)
{
	memory_chip_close(&chip->memory.bytes);
	free(chip);
}

/* 16 blocks; two of them are bad */
static int setup(void **state)
{
	const struct sim_chip_config config = { .size = 2 * MIB,
						.unlocked = true,
						.bad = { 3, 9 },
						.bad_count = 2 };

	*state = open_chip(&config, SIM_TIMING_NONE);
	return 0;
}

static int teardown(void **state)
{
	close_chip(*state);
	return 0;
}

TEST(id_is_that_of_a_part_of_this_size)
{
	static const struct {
		struct sim_chip_config config;
		uint8_t id[3];
	} cases[] = {
		{ { .size = 128 * MIB }, { 0xef, 0xaa, 0x21 } },
		{ { .size = 64 * MIB }, { 0xef, 0xba, 0x20 } },
		{ { .size = 128 * MIB,
		    .id = { 0xef, 0xba, 0x21 },
		    .id_len = 3 },
		  { 0xef, 0xba, 0x21 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nand_chip *chip =
			open_chip(&cases[i].config, SIM_TIMING_NONE);
		uint8_t rx[4];

		ASK(chip, rx, 4, 0x9f);
		assert_int_equal(rx[0], 0xff); /* a dummy byte */
		assert_memory_equal(rx + 1, cases[i].id, 3);
		close_chip(chip);
	}
}

TEST_WITH(new_chip_is_erased_and_ready, struct nand_chip *chip)
{
	assert_int_equal(status(chip), 0);
	assert_int_equal(feature(chip, CONFIGURATION), 0x18);
	assert_int_equal(feature(chip, PROTECTION), 0);
	assert_int_equal(byte_at(chip, 0, 0), 0xff);
	assert_int_equal(byte_at(chip, 1023, 2111), 0xff);
	assert_int_equal(status(chip), 0);
}

TEST_WITH(programmed_page_is_read_by_each_command, struct nand_chip *chip)
{
	static const struct {
		uint8_t opcode, dummy;
	} reads[] = { { 0x03, 1 }, { 0x0b, 1 }, { 0x3b, 1 },
		      { 0x6b, 1 }, { 0xbb, 1 }, { 0xeb, 2 } };

	SEND(chip, 0x06);
	SEND(chip, 0x02, 0x01, 0x02, 1, 2, 3);
	assert_int_equal(status(chip), WEL);
	SEND(chip, 0x10, 0, 0x01, 0x23);
	assert_int_equal(status(chip), 0);
	page_read(chip, 0);
	assert_int_equal(cached(chip, 0x102), 0xff);
	page_read(chip, 0x123);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		uint8_t rx[7];

		ASK(chip, rx, 7, reads[i].opcode, 0x01, 0x01);
		assert_memory_equal(rx + reads[i].dummy, "\xff\1\2\3\xff", 5);
	}
	/* Rows beyond the last one are the first ones. */
	assert_int_equal(byte_at(chip, 0x123 + 1024, 0x102), 1);
}

TEST_WITH(cache_ends_behind_the_spare_area, struct nand_chip *chip)
{
	uint8_t rx[3];

	SEND(chip, 0x06);
	SEND(chip, 0x02, 0x08, 0x3f, 1, 2, 3);
	SEND(chip, 0x10, 0, 0, 0);
	page_read(chip, 0);
	ASK(chip, rx, 3, 0x03, 0x08, 0x3e, 0);
	/* 14 and 15 of the last 16 bytes are the chip's own. */
	assert_memory_equal(rx, "\xff\xff\xff", 3);
	SEND(chip, 0x1f, CONFIGURATION, 0);
	SEND(chip, 0x06);
	SEND(chip, 0x02, 0x08, 0x3f, 1, 2, 3);
	SEND(chip, 0x10, 0, 0, 1);
	page_read(chip, 1);
	ASK(chip, rx, 3, 0x03, 0x08, 0x3e, 0);
	assert_memory_equal(rx, "\xff\1\xff", 3);
	assert_int_equal(cached(chip, 0), 0xff);
}

TEST_WITH(random_load_keeps_the_rest_of_the_cache, struct nand_chip *chip)
{
	static const uint8_t loads[] = { 0x02, 0x32 },
			     randoms[] = { 0x84, 0x34 };

	for (uint8_t i = 0; i < 2; i++) {
		SEND(chip, 0x06);
		SEND(chip, loads[i], 0, 0, 1, 2, 3);
		SEND(chip, randoms[i], 0, 1, 9);
		assert_int_equal(cached(chip, 0), 1);
		assert_int_equal(cached(chip, 1), 9);
		assert_int_equal(cached(chip, 2), 3);
		SEND(chip, 0x10, 0, 0, i);
		SEND(chip, loads[i], 0, 5, 7);
		assert_int_equal(cached(chip, 0), 0xff);
		assert_int_equal(cached(chip, 5), 7);
		page_read(chip, i);
		assert_int_equal(cached(chip, 1), 9);
		assert_int_equal(cached(chip, 5), 0xff);
	}
}

TEST_WITH(program_clears_bits_and_erase_sets_a_block, struct nand_chip *chip)
{
	SEND(chip, 0x1f, CONFIGURATION, 0); /* no ECC */
	program(chip, 64, 10, 0xf0);
	program(chip, 64, 10, 0x3c);
	assert_int_equal(byte_at(chip, 64, 10), 0x30);
	program(chip, 63, 10, 0x11);
	program(chip, 127, 10, 0x22);
	program(chip, 128, 10, 0x33);
	erase(chip, 100);
	assert_int_equal(status(chip), 0);
	assert_int_equal(byte_at(chip, 63, 10), 0x11);
	assert_int_equal(byte_at(chip, 64, 10), 0xff);
	assert_int_equal(byte_at(chip, 127, 10), 0xff);
	assert_int_equal(byte_at(chip, 128, 10), 0x33);
}

TEST_WITH(program_and_erase_need_the_enable_latch, struct nand_chip *chip)
{
	SEND(chip, 0x02, 0, 0, 1);
	SEND(chip, 0x10, 0, 0, 0);
	assert_int_equal(status(chip), 0);
	assert_int_equal(byte_at(chip, 0, 0), 0xff);
	program(chip, 0, 0, 1);
	SEND(chip, 0xd8, 0, 0, 0);
	assert_int_equal(byte_at(chip, 0, 0), 1);
	SEND(chip, 0x06);
	SEND(chip, 0x04);
	assert_int_equal(status(chip), 0);
	SEND(chip, 0x06);
	page_read(chip, 0);
	assert_int_equal(status(chip), 0);
}

TEST_WITH(incomplete_commands_change_nothing, struct nand_chip *chip)
{
	program(chip, 0, 0, 1);
	SEND(chip, 0x06);
	SEND(chip, 0xd8, 0, 0);
	SEND(chip, 0x10, 0);
	SEND(chip, 0x1f, PROTECTION);
	SEND(chip, 0x1f, PROTECTION, 1, 2);
	SEND(chip, 0x13, 0, 0);
	SEND(chip, 0xab, 0, 0, 0);
	assert_int_equal(status(chip), WEL);
	assert_int_equal(feature(chip, PROTECTION), 0);
	assert_int_equal(byte_at(chip, 0, 0), 1);
}

TEST_WITH(flipped_bit_is_corrected_and_told, struct nand_chip *chip)
{
	program(chip, 5, 700, 0x5a);
	damage(chip, 5, 700, 3);
	assert_int_equal(byte_at(chip, 5, 700), 0x5a);
	assert_int_equal(status(chip), ECC_CORRECTED);
	/* The contents stay as they are. */
	SEND(chip, 0x1f, CONFIGURATION, 0);
	assert_int_equal(byte_at(chip, 5, 700), 0x52);
	assert_int_equal(status(chip), 0);
	SEND(chip, 0x1f, CONFIGURATION, 0x10);
	damage(chip, 5, 701, 3);
	assert_int_equal(byte_at(chip, 5, 700), 0x52);
	assert_int_equal(status(chip), ECC_FAILED);
	page_read(chip, 6);
	assert_int_equal(status(chip), 0);
}

TEST_WITH(erased_page_tolerates_a_flipped_bit, struct nand_chip *chip)
{
	damage(chip, 5, 700, 3);
	assert_int_equal(byte_at(chip, 5, 700), 0xff);
	assert_int_equal(status(chip), ECC_CORRECTED);
}

TEST_WITH(bad_block_reads_as_marked_and_cannot_be_changed,
	  struct nand_chip *chip)
{
	uint32_t row = 9 * 64;

	SEND(chip, 0x1f, CONFIGURATION, 0);
	assert_int_equal(byte_at(chip, row, 2048), 0);
	assert_int_equal(byte_at(chip, row, 0), 0);
	assert_int_equal(byte_at(chip, row - 1, 2048), 0xff);
	assert_int_equal(byte_at(chip, row + 64, 2048), 0xff);
	program(chip, row, 0, 0);
	assert_int_equal(status(chip), P_FAIL);
	erase(chip, row);
	assert_int_equal(status(chip), P_FAIL | E_FAIL);
	/* The next ones, elsewhere, succeed. */
	program(chip, row - 1, 0, 0);
	assert_int_equal(status(chip), E_FAIL);
	erase(chip, row - 1);
	assert_int_equal(status(chip), 0);
	SEND(chip, 0x1f, CONFIGURATION, 0x10);
	page_read(chip, row);
	assert_int_equal(status(chip), ECC_FAILED);
}

TEST(all_blocks_are_locked_at_first)
{
	const struct sim_chip_config config = { .size = MIB };
	struct nand_chip *chip = open_chip(&config, SIM_TIMING_NONE);

	assert_int_equal(feature(chip, PROTECTION), 0x7c);
	program(chip, 0, 0, 1);
	assert_int_equal(status(chip), P_FAIL);
	erase(chip, 511);
	assert_int_equal(status(chip), P_FAIL | E_FAIL);
	unlock(chip);
	program(chip, 0, 0, 1);
	erase(chip, 511);
	assert_int_equal(status(chip), 0);
	assert_int_equal(byte_at(chip, 0, 0), 1);
	close_chip(chip);
}

/* BP3..BP0 and TB, of 16 blocks */
TEST_WITH(protection_locks_one_end_of_the_chip, struct nand_chip *chip)
{
	static const struct {
		uint8_t bp, locked;
	} cases[] = { { 0, 0 },	 { 1, 2 },  { 2, 4 },  { 3, 8 },
		      { 4, 16 }, { 9, 16 }, { 15, 16 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint8_t block = 0; block < 32; block++) {
			bool bottom = block >= 16;
			uint8_t b = block % 16;
			bool locked = bottom ? b < cases[i].locked
					     : b >= 16 - cases[i].locked;

			if (b == 3 || b == 9)
				continue;
			SEND(chip, 0x1f, PROTECTION,
			     (uint8_t)(cases[i].bp << 3 | bottom << 2));
			erase(chip, b * 64u);
			assert_int_equal(status(chip), locked ? E_FAIL : 0);
		}
}

TEST_WITH(features_keep_the_bits_that_can_be_written, struct nand_chip *chip)
{
	SEND(chip, 0x01, PROTECTION, 0xff);
	SEND(chip, 0x01, CONFIGURATION, 0xff);
	SEND(chip, 0x01, 0xc0, 0xff);
	SEND(chip, 0x01, 0xd0, 0xff);
	assert_int_equal(feature(chip, PROTECTION), 0xfe);
	assert_int_equal(feature(chip, CONFIGURATION), 0x58);
	assert_int_equal(status(chip), 0);
	assert_int_equal(feature(chip, 0xd0), 0);
	SEND(chip, 0x1f, CONFIGURATION, 0);
	assert_int_equal(feature(chip, CONFIGURATION), 0x08);
}

TEST_WITH(otp_mode_hides_the_contents, struct nand_chip *chip)
{
	program(chip, 2, 0, 0x12);
	SEND(chip, 0x1f, CONFIGURATION, 0x50);
	assert_int_equal(byte_at(chip, 2, 0), 0xff);
	program(chip, 2, 0, 0);
	assert_int_equal(status(chip), P_FAIL);
	SEND(chip, 0x1f, CONFIGURATION, 0x10);
	assert_int_equal(byte_at(chip, 2, 0), 0x12);
}

TEST_WITH(reset_clears_failures_and_keeps_the_rest, struct nand_chip *chip)
{
	SEND(chip, 0x1f, PROTECTION, 0x7c);
	program(chip, 0, 0, 0);
	SEND(chip, 0x06);
	assert_int_equal(status(chip), P_FAIL | WEL);
	SEND(chip, 0xff);
	assert_int_equal(status(chip), 0);
	assert_int_equal(feature(chip, PROTECTION), 0x7c);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

TEST(real_chip_is_busy_during_operations)
{
	const struct sim_chip_config config = { .size = MIB, .unlocked = true };
	struct nand_chip *chip = open_chip(&config, SIM_TIMING_REAL);
	uint64_t start = now_us();
	uint8_t rx[2];

	assert_int_equal(status(chip), 0);
	erase(chip, 0);
	chip->memory.state->busy_until_ns += 1000000000;
	assert_int_equal(status(chip), OIP | WEL);
	ASK(chip, rx, 2, 0x9f);
	assert_memory_equal(rx, "\xff\xff", 2);
	SEND(chip, 0x04);
	assert_int_equal(status(chip), OIP | WEL);
	chip->memory.state->busy_until_ns -= 1000000000;
	while (status(chip))
		assert_true(now_us() - start < 1000000);
	assert_true(now_us() - start >= 2000);
	erase(chip, 0);
	SEND(chip, 0xff);
	assert_int_equal(status(chip), 0);
	close_chip(chip);
}

TEST(impossible_chips_are_refused)
{
	static const struct sim_chip_config configs[] = {
		{ .size = 512 * 1024 },
		{ .size = 3 * MIB },
		{ .size = 256 * MIB },
		{ .size = MIB, .id_len = 7 },
		{ .size = MIB, .bad = { 8 }, .bad_count = 1 },
		{ .size = MIB, .bad_count = 21 },
	};
	struct nand_chip chip;

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		assert_int_equal(
			nand_chip_open(&chip, &configs[i], SIM_TIMING_NONE),
			-EINVAL);
}

TEST_MAIN(setup, teardown)
