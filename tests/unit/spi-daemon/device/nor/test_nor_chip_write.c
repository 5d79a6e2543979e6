// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* Programs, erases and protection, at the chip's pins */
#include "tests/unit/spi-daemon/device/nor/nor_pins.h"

TEST_WITH(test_every_program_opcode_clears_bits, struct nor_chip *chip)
{
	WRITE(chip, 0x02, 0, 0x10, 0x00, 0xf3, 0x01);
	assert_int_equal(byte_at(chip, 0x1000), 0xf3);
	assert_int_equal(byte_at(chip, 0x1001), 0x01);
	assert_int_equal(byte_at(chip, 0x1002), 0xff);
	WRITE(chip, 0x32, 0, 0x10, 0x00, 0x3f);
	assert_int_equal(byte_at(chip, 0x1000), 0x33);
	WRITE(chip, 0x12, 0, 0, 0x10, 0x00, 0xf1);
	assert_int_equal(byte_at(chip, 0x1000), 0x31);
	WRITE(chip, 0x34, 0, 0, 0x10, 0x00, 0x0f);
	assert_int_equal(byte_at(chip, 0x1000), 0x01);
	WRITE(chip, 0x02, 0, 0x10, 0x00, 0xff);
	assert_int_equal(byte_at(chip, 0x1000), 0x01);
}

TEST_WITH(test_program_wraps_in_its_page, struct nor_chip *chip)
{
	WRITE(chip, 0x02, 0, 0x11, 0xfe, 1, 2, 3, 4);
	assert_int_equal(byte_at(chip, 0x11fe), 1);
	assert_int_equal(byte_at(chip, 0x11ff), 2);
	assert_int_equal(byte_at(chip, 0x1100), 3);
	assert_int_equal(byte_at(chip, 0x1101), 4);
	assert_int_equal(byte_at(chip, 0x1200), 0xff);
}

TEST_WITH(test_program_of_more_than_a_page_keeps_the_last,
	  struct nor_chip *chip)
{
	uint8_t tx[4 + 300] = { 0x02, 0, 0x12, 0x10 };
	size_t i;

	for (i = 0; i < 300; i++)
		tx[4 + i] = (uint8_t)(i / 2);
	SEND(chip, 0x06);
	command(chip, tx, sizeof(tx), NULL, 0);
	wait_ready(chip);
	for (i = 300 - 256; i < 300; i++)
		assert_int_equal(byte_at(chip, 0x1200 + (0x10 + i) % 256),
				 i / 2);
	assert_int_equal(byte_at(chip, 0x1300), 0xff);
}

TEST_WITH(test_program_without_write_enable_is_ignored, struct nor_chip *chip)
{
	SEND(chip, 0x02, 0, 0, 0, 0x00);
	assert_int_equal(status(chip, 0x05), 0);
	assert_int_equal(byte_at(chip, 0), 0xff);
}

TEST_WITH(test_program_without_data_is_ignored, struct nor_chip *chip)
{
	SEND(chip, 0x06);
	SEND(chip, 0x02, 0, 0, 0);
	SEND(chip, 0x02, 0, 0);
	SEND(chip, 0x02);
	assert_int_equal(status(chip, 0x05), WEL);
}

/* Programs 07h at both ends of the block, inside and outside. */
static void check_erase(struct nor_chip *chip, const uint8_t *tx, size_t len,
			uint32_t start, uint32_t size)
{
	plant(chip, start - 1, 7);
	plant(chip, start, 7);
	plant(chip, start + size - 1, 7);
	plant(chip, start + size, 7);
	SEND(chip, 0x06);
	command(chip, tx, len, NULL, 0);
	assert_true(chip->memory.state->busy_until_ns);
	wait_ready(chip);
	assert_int_equal(byte_at(chip, start - 1), 7);
	assert_int_equal(byte_at(chip, start), 0xff);
	assert_int_equal(byte_at(chip, start + size - 1), 0xff);
	assert_int_equal(byte_at(chip, start + size), 7);
	assert_int_equal(chip_store_erase(&chip->memory.store, 0, SIZE), 0);
}

/* The addresses are inside the block, not at its start. */
TEST_WITH(test_every_erase_opcode_erases_its_block, struct nor_chip *chip)
{
	check_erase(chip, BYTES(0x20, 1, 0x1f, 0xff), 0x11000, 4 * KIB);
	check_erase(chip, BYTES(0x21, 0, 1, 0x10, 0), 0x11000, 4 * KIB);
	check_erase(chip, BYTES(0x52, 1, 0x92, 0x34), 0x18000, 32 * KIB);
	check_erase(chip, BYTES(0x5c, 0, 1, 0x92, 0x34), 0x18000, 32 * KIB);
	check_erase(chip, BYTES(0xd8, 1, 0xab, 0xcd), 0x10000, 64 * KIB);
	check_erase(chip, BYTES(0xdc, 0, 1, 0xab, 0xcd), 0x10000, 64 * KIB);
}

TEST_WITH(test_chip_erase_erases_all, struct nor_chip *chip)
{
	static const uint8_t opcodes[] = { 0xc7, 0x60 };
	uint32_t i, at;

	for (i = 0; i < 2; i++) {
		for (at = 0; at < SIZE; at += 999)
			plant(chip, at, 0);
		WRITE(chip, opcodes[i]);
		for (at = 0; at < SIZE; at++)
			assert_int_equal(stored(chip, at), 0xff);
	}
}

TEST_WITH(test_erase_of_the_wrong_length_is_ignored, struct nor_chip *chip)
{
	plant(chip, 0, 1);
	SEND(chip, 0x06);
	SEND(chip, 0x20, 0, 0);
	SEND(chip, 0x20, 0, 0, 0, 0);
	SEND(chip, 0x21, 0, 0, 0);
	SEND(chip, 0xd8);
	SEND(chip, 0xc7, 0);
	assert_int_equal(status(chip, 0x05), WEL);
	assert_int_equal(byte_at(chip, 0), 1);
}

TEST_WITH(test_erase_without_write_enable_is_ignored, struct nor_chip *chip)
{
	plant(chip, 0, 1);
	SEND(chip, 0x20, 0, 0, 0);
	SEND(chip, 0xc7);
	assert_int_equal(byte_at(chip, 0), 1);
}

TEST_WITH(test_busy_chip_answers_nothing_but_status, struct nor_chip *chip)
{
	uint8_t rx[3];

	plant(chip, 0, 0);
	SEND(chip, 0x06);
	SEND(chip, 0x52, 1, 0, 0);
	chip->memory.state->busy_until_ns +=
		1000000000000; /* longer than any test */
	ASK(chip, rx, 3, 0x9f);
	assert_memory_equal(rx, "\xff\xff\xff", 3);
	ASK(chip, rx, 1, 0x03, 0, 0, 0);
	assert_int_equal(rx[0], 0xff);
	SEND(chip, 0x04);
	SEND(chip, 0xb7);
	SEND(chip, 0x02, 0, 0, 1, 0x00);
	assert_int_equal(status(chip, 0x35), 0);
	assert_int_equal(status(chip, 0x15), 0);
	assert_int_equal(status(chip, 0x05), WIP | WEL);
	chip->memory.state->busy_until_ns = 1;
	assert_int_equal(status(chip, 0x05), 0);
	assert_int_equal(status(chip, 0x15), 0);
	assert_int_equal(byte_at(chip, 0), 0);
	assert_int_equal(byte_at(chip, 1), 0xff);
}

TEST_WITH(test_status_read_sees_the_busy_time_end, struct nor_chip *chip)
{
	uint64_t start = now_us();

	SEND(chip, 0x06);
	SEND(chip, 0x20, 0, 0, 0);
	memory_chip_clock(&chip->memory.bytes, 0x05);
	while (memory_chip_clock(&chip->memory.bytes, 0) & WIP)
		assert_true(now_us() - start < 1000000);
	memory_chip_deselect(&chip->memory.bytes);
	assert_true(now_us() - start >= 5000);
	assert_int_equal(status(chip, 0x05), 0);
}

TEST_WITH(test_operations_take_their_time, struct nor_chip *chip)
{
	static const struct {
		uint8_t tx[5];
		size_t len;
		uint64_t us;
	} ops[] = { { { 0x02, 0, 0, 0, 0 }, 5, 400 },
		    { { 0x01, 0 }, 2, 1000 },
		    { { 0x31, 0 }, 2, 1000 },
		    { { 0x20, 0, 0, 0 }, 4, 5000 },
		    { { 0x52, 0, 0, 0 }, 4, 10000 },
		    { { 0xd8, 0, 0, 0 }, 4, 15000 },
		    { { 0xc7 }, 1, 50000 } };
	uint64_t start, us;
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		/* A busy machine can make it longer, but not every time. */
		do {
			SEND(chip, 0x06);
			start = now_us();
			command(chip, ops[i].tx, ops[i].len, NULL, 0);
			wait_ready(chip);
			us = now_us() - start;
			assert_true(us >= ops[i].us);
		} while (us > ops[i].us + 400000);
	}
}

TEST_WITH(test_protected_bytes_stay_and_wel_falls, struct nor_chip *chip)
{
	plant(chip, 0x30000, 7);
	WRITE(chip, 0x01, 0x04); /* the upper 64 KiB */
	SEND(chip, 0x06);
	SEND(chip, 0x02, 3, 0, 0, 0);
	assert_int_equal(status(chip, 0x05), 0x04);
	SEND(chip, 0x06);
	SEND(chip, 0x20, 3, 0, 0);
	assert_int_equal(status(chip, 0x05), 0x04);
	SEND(chip, 0x06);
	SEND(chip, 0xc7);
	assert_int_equal(status(chip, 0x05), 0x04);
	assert_int_equal(byte_at(chip, 0x30000), 7);

	WRITE(chip, 0x02, 2, 0xff, 0xff, 0x12);
	assert_int_equal(byte_at(chip, 0x2ffff), 0x12);
	WRITE(chip, 0x01, 0x00);
	WRITE(chip, 0x20, 3, 0, 0);
	assert_int_equal(byte_at(chip, 0x30000), 0xff);
}

TEST_WITH(test_tb_protects_the_bottom, struct nor_chip *chip)
{
	WRITE(chip, 0x01, 0x24);
	SEND(chip, 0x06);
	SEND(chip, 0x02, 0, 0xff, 0xff, 0x00);
	assert_int_equal(byte_at(chip, 0xffff), 0xff);
	WRITE(chip, 0x02, 1, 0, 0, 0x00);
	assert_int_equal(byte_at(chip, 0x10000), 0x00);
}

TEST_MAIN(setup, teardown)
