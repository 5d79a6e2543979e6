// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* All commands that change no contents, at the chip's pins */
#include "tests/unit/spi-daemon/device/nor/nor_pins.h"

static void test_id_repeats(void **state)
{
	uint8_t id[7];

	ASK(*state, id, sizeof(id), 0x9f);
	assert_memory_equal(id, "\xef\x40\x12\xef\x40\x12\xef", 7);
}

static void test_configured_id_is_answered(void **state)
{
	struct sim_chip_config config = { .size = SIZE,
					  .id = { 1, 2, 3, 4, 5, 6 },
					  .id_len = 6 };
	struct nor_chip chip;
	uint8_t id[7];

	(void)state;
	assert_int_equal(nor_chip_open(&chip, &config), 0);
	ASK(&chip, id, sizeof(id), 0x9f);
	assert_memory_equal(id, "\1\2\3\4\5\6\1", 7);
	memory_chip_close(&chip.memory.bytes);
}

static void test_wake_up_answers_the_short_id(void **state)
{
	uint8_t id[2];

	SEND(*state, 0xab);
	ASK(*state, id, sizeof(id), 0xab, 0, 0, 0);
	assert_memory_equal(id, "\x11\x11", 2);
}

static void test_sizes_that_no_chip_has_are_refused(void **state)
{
	static const uint64_t sizes[] = { 0, 32 * KIB, 96 * KIB, 512ull * MIB };
	struct sim_chip_config config = { .id_len = SIM_ID_MAX + 1 };
	struct nor_chip chip;
	size_t i;

	(void)state;
	config.size = SIZE;
	assert_int_equal(nor_chip_open(&chip, &config), -EINVAL);
	config.id_len = 0;
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		config.size = sizes[i];
		assert_int_equal(nor_chip_open(&chip, &config), -EINVAL);
	}
}

static void test_write_enable_and_disable_move_wel(void **state)
{
	uint8_t values[4];

	assert_int_equal(status(*state, 0x05), 0);
	SEND(*state, 0x06);
	ASK(*state, values, sizeof(values), 0x05);
	assert_memory_equal(values, "\2\2\2\2", 4);
	SEND(*state, 0x04);
	assert_int_equal(status(*state, 0x05), 0);
}

static void test_write_enable_takes_effect_at_the_deselect_edge(void **state)
{
	struct nor_chip *chip = *state;

	memory_chip_clock(&chip->memory.bytes, 0x06);
	assert_false(chip->memory.state->write_enabled);
	memory_chip_deselect(&chip->memory.bytes);
	assert_true(chip->memory.state->write_enabled);
}

static void test_write_enable_with_more_bytes_is_ignored(void **state)
{
	SEND(*state, 0x06, 0x00);
	assert_int_equal(status(*state, 0x05), 0);
}

static void test_line_floats_outside_the_data(void **state)
{
	struct nor_chip *chip = *state;
	size_t i;

	plant(chip, 0, 0x12);
	for (i = 0; i < 5; i++)
		assert_int_equal(
			memory_chip_clock(&chip->memory.bytes, i ? 0 : 0x0b),
			0xff);
	assert_int_equal(memory_chip_clock(&chip->memory.bytes, 0), 0x12);
	memory_chip_deselect(&chip->memory.bytes);
}

static void test_unknown_command_is_ignored(void **state)
{
	uint8_t rx[4];

	ASK(*state, rx, sizeof(rx), 0x00);
	assert_memory_equal(rx, "\xff\xff\xff\xff", 4);
	ASK(*state, rx, sizeof(rx), 0xff, 0x9f);
	assert_memory_equal(rx, "\xff\xff\xff\xff", 4);
}

static void test_abandoned_command_does_nothing(void **state)
{
	struct nor_chip *chip = *state;

	memory_chip_clock(&chip->memory.bytes, 0x06);
	memory_chip_drop(&chip->memory.bytes);
	memory_chip_deselect(&chip->memory.bytes);
	assert_int_equal(status(chip, 0x05), 0);
	memory_chip_drop(&chip->memory.bytes);
	assert_int_equal(memory_chip_clock(&chip->memory.bytes, 0x05), 0xff);
	assert_int_equal(memory_chip_clock(&chip->memory.bytes, 0), 0xff);
	memory_chip_deselect(&chip->memory.bytes);
	assert_int_equal(status(chip, 0x05), 0);
}

static void test_every_read_opcode_gives_the_contents(void **state)
{
	static const struct {
		uint8_t opcode, addr, dummy;
	} ops[] = { { 0x03, 3, 0 }, { 0x0b, 3, 1 }, { 0x3b, 3, 1 },
		    { 0x6b, 3, 1 }, { 0x13, 4, 0 }, { 0x0c, 4, 1 },
		    { 0x3c, 4, 1 }, { 0x6c, 4, 1 } };
	uint8_t tx[6], rx[3];
	size_t i, n;

	plant(*state, 0x21043, 0xa1);
	plant(*state, 0x21044, 0xb2);
	for (i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		memset(tx, 0xee, sizeof(tx));
		n = 1 + ops[i].addr;
		tx[0] = ops[i].opcode;
		tx[1] = 0;
		tx[n - 3] = 0x02;
		tx[n - 2] = 0x10;
		tx[n - 1] = 0x43;
		command(*state, tx, n + ops[i].dummy, rx, sizeof(rx));
		assert_memory_equal(rx, "\xa1\xb2\xff", 3);
	}
}

static void test_read_wraps_at_the_chip_end(void **state)
{
	uint8_t rx[4];

	plant(*state, SIZE - 1, 0x0e);
	plant(*state, 0, 0x0f);
	ASK(*state, rx, sizeof(rx), 0x03, 0x03, 0xff, 0xfe);
	assert_memory_equal(rx, "\xff\x0e\x0f\xff", 4);
	/* Address bits beyond the size are ignored. */
	ASK(*state, rx, sizeof(rx), 0x03, 0xff, 0xff, 0xfe);
	assert_memory_equal(rx, "\xff\x0e\x0f\xff", 4);
}

static void test_status_write_sets_what_is_writable(void **state)
{
	WRITE(*state, 0x01, 0xff, 0xff);
	assert_int_equal(status(*state, 0x05), 0xbc);
	assert_int_equal(status(*state, 0x35), 0x42);
	WRITE(*state, 0x01, 0x00, 0x00);
	assert_int_equal(status(*state, 0x05), 0);
	assert_int_equal(status(*state, 0x35), 0);
}

static void test_one_byte_status_write_keeps_qe(void **state)
{
	WRITE(*state, 0x31, 0x02);
	assert_int_equal(status(*state, 0x35), 0x02);
	WRITE(*state, 0x01, 0x04);
	assert_int_equal(status(*state, 0x05), 0x04);
	assert_int_equal(status(*state, 0x35), 0x02);
}

static void test_status_write_of_the_wrong_length_is_ignored(void **state)
{
	SEND(*state, 0x06);
	SEND(*state, 0x01);
	SEND(*state, 0x31);
	SEND(*state, 0x01, 4, 2, 0);
	SEND(*state, 0x31, 2, 0);
	assert_int_equal(status(*state, 0x05), WEL);
	assert_int_equal(status(*state, 0x35), 0);
}

static void test_status_write_without_write_enable_is_ignored(void **state)
{
	SEND(*state, 0x01, 0xff, 0xff);
	SEND(*state, 0x31, 0xff);
	assert_int_equal(status(*state, 0x05), 0);
	assert_int_equal(status(*state, 0x35), 0);
}

static void test_4byte_mode_changes_3_byte_commands(void **state)
{
	struct nor_chip *chip = *state;
	uint8_t rx;

	plant(chip, 0x1000005, 0x44);
	plant(chip, 0x000005, 0x33);
	ASK(chip, &rx, 1, 0x03, 0, 0, 5);
	assert_int_equal(rx, 0x33);
	ASK(chip, &rx, 1, 0x13, 1, 0, 0, 5);
	assert_int_equal(rx, 0x44);
	SEND(chip, 0xb7);
	assert_int_equal(status(chip, 0x15), 1);
	ASK(chip, &rx, 1, 0x03, 1, 0, 0, 5);
	assert_int_equal(rx, 0x44);
	ASK(chip, &rx, 1, 0x6b, 1, 0, 0, 5, 0);
	assert_int_equal(rx, 0x44);
	ASK(chip, &rx, 1, 0x13, 1, 0, 0, 5);
	assert_int_equal(rx, 0x44);
	WRITE(chip, 0x02, 1, 0, 0, 5, 0x04);
	assert_int_equal(byte_at(chip, 0x1000005), 0x04);
	WRITE(chip, 0x20, 1, 0, 0, 5);
	assert_int_equal(byte_at(chip, 0x1000005), 0xff);
	ASK(chip, &rx, 1, 0x5a, 0, 0, 1, 0); /* always 3 bytes */
	assert_int_equal(rx, 'F');
	SEND(chip, 0xe9);
	assert_int_equal(status(chip, 0x15), 0);
	ASK(chip, &rx, 1, 0x03, 0, 0, 5);
	assert_int_equal(rx, 0x33);
}

static void test_large_chip_writes_all_bp_bits(void **state)
{
	WRITE(*state, 0x01, 0xff);
	assert_int_equal(status(*state, 0x05), 0xfc);
}

static void test_reset_clears_modes_and_keeps_registers(void **state)
{
	struct nor_chip *chip = *state;

	WRITE(chip, 0x01, 0x04, 0x02);
	SEND(chip, 0xb7);
	SEND(chip, 0x06);
	SEND(chip, 0x66);
	SEND(chip, 0x99);
	assert_int_equal(status(chip, 0x05), 0x04);
	assert_int_equal(status(chip, 0x35), 0x02);
	assert_int_equal(status(chip, 0x15), 0);
}

static void test_reset_ends_the_busy_time(void **state)
{
	struct nor_chip *chip = *state;

	plant(chip, 0, 7);
	SEND(chip, 0x06);
	SEND(chip, 0xc7);
	SEND(chip, 0x66);
	SEND(chip, 0x99);
	assert_int_equal(status(chip, 0x05), 0);
	assert_int_equal(byte_at(chip, 0), 0xff);
}

static void test_reset_needs_its_enable_right_before(void **state)
{
	struct nor_chip *chip = *state;

	SEND(chip, 0xb7);
	SEND(chip, 0x99);
	assert_int_equal(nor_state_of(&chip->memory)->addr_4byte, true);
	SEND(chip, 0x66);
	SEND(chip, 0x00);
	SEND(chip, 0x99);
	assert_int_equal(nor_state_of(&chip->memory)->addr_4byte, true);
	SEND(chip, 0x66, 0x99);
	SEND(chip, 0x99);
	assert_int_equal(nor_state_of(&chip->memory)->addr_4byte, true);
	SEND(chip, 0x66);
	SEND(chip, 0x99);
	assert_int_equal(nor_state_of(&chip->memory)->addr_4byte, false);
}

static void test_sfdp_is_read_from_any_address(void **state)
{
	struct nor_chip *chip = *state;
	uint8_t rx[NOR_SFDP_SIZE + 8], expected[NOR_SFDP_SIZE];

	nor_sfdp_fill(SIZE, expected);
	ASK(chip, rx, sizeof(rx), 0x5a, 0, 0, 0, 0);
	assert_memory_equal(rx, expected, NOR_SFDP_SIZE);
	assert_memory_equal(rx + NOR_SFDP_SIZE, "\xff\xff\xff\xff", 4);
	ASK(chip, rx, 4, 0x5a, 0, 0, 0x20, 0);
	assert_memory_equal(rx, expected + 0x20, 4);
	ASK(chip, rx, 4, 0x5a, 0xff, 0xff, 0xfe, 0);
	assert_memory_equal(rx, "\xff\xff\xff\xff", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_id_repeats),
		cmocka_unit_test(test_configured_id_is_answered),
		CASE(test_wake_up_answers_the_short_id),
		cmocka_unit_test(test_sizes_that_no_chip_has_are_refused),
		CASE(test_write_enable_and_disable_move_wel),
		CASE(test_write_enable_takes_effect_at_the_deselect_edge),
		CASE(test_write_enable_with_more_bytes_is_ignored),
		CASE(test_line_floats_outside_the_data),
		CASE(test_unknown_command_is_ignored),
		CASE(test_abandoned_command_does_nothing),
		CASE(test_every_read_opcode_gives_the_contents),
		CASE(test_read_wraps_at_the_chip_end),
		CASE(test_status_write_sets_what_is_writable),
		CASE(test_one_byte_status_write_keeps_qe),
		CASE(test_status_write_of_the_wrong_length_is_ignored),
		CASE(test_status_write_without_write_enable_is_ignored),
		LARGE_CASE(test_4byte_mode_changes_3_byte_commands),
		LARGE_CASE(test_large_chip_writes_all_bp_bits),
		LARGE_CASE(test_reset_clears_modes_and_keeps_registers),
		CASE(test_reset_ends_the_busy_time),
		LARGE_CASE(test_reset_needs_its_enable_right_before),
		CASE(test_sfdp_is_read_from_any_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
