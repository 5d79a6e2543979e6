// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* The file that describes registers, and its mistakes */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/device/regs/regs_map.h"
#include "tests/lib/test.h"

static char file[40];

static int setup(void **state)
{
	(void)state;
	snprintf(file, sizeof(file), "/tmp/test-regs-%d", getpid());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(file);
	return 0;
}

static int load(struct regs_map *map, const char *text, char *error,
		size_t error_size)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	return regs_map_load(map, file, error, error_size);
}

static struct regs_map load_good(const char *text)
{
	struct regs_map map;
	char error[256] = "";

	if (load(&map, text, error, sizeof(error)))
		fail_msg("%s", error);
	return map;
}

TEST(short_file_has_the_defaults)
{
	struct regs_map map = load_good("read-bit 7\n0x10 0x20");

	assert_int_equal(map.command_bytes, 1);
	assert_int_equal(map.address_bits, 7);
	assert_int_equal(map.address_shift, 0);
	assert_int_equal(map.read_bit, 7);
	assert_int_equal(map.write_bit, REGS_NO_BIT);
	assert_int_equal(map.increment_bit, REGS_NO_BIT);
	assert_true(map.increment);
	assert_int_equal(map.dummy_bytes, 0);
	assert_int_equal(map.value_bytes, 1);
	assert_false(map.little_endian);
	assert_int_equal(map.modes, 0xf);
	assert_int_equal(map.count, 1);
	assert_int_equal(map.regs[0].addr, 0x10);
	assert_int_equal(map.regs[0].reset, 0x20);
	assert_int_equal(map.regs[0].writable, 0xff);
	assert_int_equal(map.regs[0].bytes, 1);
	assert_int_equal(map.regs[0].flags, 0);
	regs_map_free(&map);
}

TEST(each_word_is_understood)
{
	struct regs_map map = load_good("# a chip\n"
					"command-bytes 2\n"
					"address-bits  12 # of them\r\n"
					"\taddress-shift 3\n"
					"\n"
					"write-bit 6\n"
					"dummy-bytes 1\n"
					"value-bytes 2\n"
					"value-order little\n"
					"increment no\n"
					"increment-bit 5\n"
					"modes 1 3\n"
					"0xfff 65535\n");

	assert_int_equal(map.command_bytes, 2);
	assert_int_equal(map.address_bits, 12);
	assert_int_equal(map.address_shift, 3);
	assert_int_equal(map.read_bit, REGS_NO_BIT);
	assert_int_equal(map.write_bit, 6);
	assert_int_equal(map.dummy_bytes, 1);
	assert_int_equal(map.value_bytes, 2);
	assert_true(map.little_endian);
	assert_false(map.increment);
	assert_int_equal(map.increment_bit, 5);
	assert_int_equal(map.modes, 0xa);
	assert_int_equal(map.regs[0].reset, 0xffff);
	regs_map_free(&map);
}

TEST(registers_have_flags_and_ranges)
{
	struct regs_map map = load_good(
		"read-bit 7\n"
		"0x30 1 read-only clear-on-read\n"
		"0x10-0x12 0x0102 bytes=2 write-1-clears writable=0xff0\n"
		"5 0 write-only # five\n"
		"6 0xffffffff bytes=4\n");

	assert_int_equal(map.count, 6);
	assert_int_equal(map.regs[0].addr, 5);
	assert_int_equal(map.regs[0].flags, REG_WRITE_ONLY);
	assert_int_equal(map.regs[1].writable, 0xffffffff);
	for (uint32_t i = 2; i < 5; i++) {
		assert_int_equal(map.regs[i].addr, 0x0e + i);
		assert_int_equal(map.regs[i].reset, 0x0102);
		assert_int_equal(map.regs[i].bytes, 2);
		assert_int_equal(map.regs[i].writable, 0xff0);
		assert_int_equal(map.regs[i].flags, REG_WRITE_1_CLEARS);
	}
	assert_int_equal(map.regs[5].flags, REG_READ_ONLY | REG_CLEAR_ON_READ);
	assert_int_equal(map.regs[5].writable, 0);
	assert_int_equal(regs_map_find(&map, 0x11), 3);
	assert_int_equal(regs_map_find(&map, 0x13), -1);
	regs_map_free(&map);
}

static const struct mistake {
	const char *text;
	const char *error; /* behind the name of the file */
} mistakes[] = {
	{ "", ": it takes one of read-bit and write-bit" },
	{ "0 0", ": it takes one of read-bit and write-bit" },
	{ "read-bit 7\nwrite-bit 7\n0 0",
	  ": it takes one of read-bit and write-bit" },
	{ "read-bit 7", ": it has no register" },
	{ "read-bit 7\naddress-bits 8\naddress-shift 1\n0 0",
	  ": the address does not fit in the command: see command-bytes, "
	  "address-bits and address-shift" },
	{ "read-bits 7",
	  ":1: \"read-bits\" is neither a register nor a known word" },
	{ "\nread-bit", ":2: read-bit takes a number from 0 to 7" },
	{ "read-bit 8", ":1: read-bit takes a number from 0 to 7" },
	{ "read-bit -1", ":1: read-bit takes a number from 0 to 7" },
	{ "read-bit 7 6", ":1: \"6\" is more than read-bit takes" },
	{ "command-bytes 0", ":1: command-bytes takes a number from 1 to 4" },
	{ "address-bits 17", ":1: address-bits takes a number from 1 to 16" },
	{ "value-bytes 5", ":1: value-bytes takes a number from 1 to 4" },
	{ "value-order middle", ":1: value-order takes little or big" },
	{ "increment", ":1: increment takes yes or no" },
	{ "modes", ":1: modes takes 0, 1, 2 or 3" },
	{ "modes 0 4", ":1: \"4\" is not a SPI mode: 0, 1, 2 or 3" },
	{ "read-bit 7\n0 0\nmodes 0", ":3: \"modes\" comes after a register" },
	{ "0", ":1: the register has no reset value" },
	{ "0 x", ":1: the register has no reset value" },
	{ "0 0x100", ":1: 0x100 does not fit in 1 byte" },
	{ "0 0x10000 bytes=2", ":1: 0x10000 does not fit in 2 bytes" },
	{ "0 0x100000000", ":1: the register has no reset value" },
	{ "0x80 0", ":1: address 0x80 has more than 7 bits" },
	{ "0x7f-0x80 0", ":1: address 0x80 has more than 7 bits" },
	{ "0x10-0x0f 0", ":1: the address is not a number, nor two with a - "
			 "between them" },
	{ "0x10- 0", ":1: the address is not a number, nor two with a - "
		     "between them" },
	{ "1 0\n0-2 0", ":2: register 0x1 was described before" },
	{ "0 0 readonly", ":1: \"readonly\" is not a flag of a register" },
	{ "0 0 bytes=5", ":1: bytes= takes a number from 1 to 4" },
	{ "0 0 writable=", ":1: writable= takes the bits that can be written" },
	{ "0 0 writable=0x1ff", ":1: writable=0x1ff does not fit in 1 byte" },
	{ "0 0 read-only write-only",
	  ":1: a register is not both read-only and write-only" },
	{ "address-bits 16\n0-4096 0",
	  ":2: these are more than 4096 registers" },
};

TEST(each_mistake_is_told_with_its_line)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct regs_map map;
		char error[256] = "", expected[256];

		assert_int_equal(
			load(&map, mistakes[i].text, error, sizeof(error)),
			-EBADMSG);
		snprintf(expected, sizeof(expected), "%s%s", file,
			 mistakes[i].error);
		assert_string_equal(error, expected);
		assert_null(map.regs);
	}
}

TEST(long_line_is_a_mistake)
{
	struct regs_map map;
	char text[400] = "read-bit 7\n0 0 #", error[256];
	size_t len = strlen(text);

	memset(text + len, 'x', 255 - strlen("0 0 #"));
	strcat(text, "\n1 0\n");
	map = load_good(text);
	assert_int_equal(map.count, 2);
	regs_map_free(&map);
	text[len + 250] = 'x';
	assert_int_equal(load(&map, text, error, sizeof(error)), -EBADMSG);
	assert_non_null(strstr(error, ":2: the line is longer than 255"));
}

TEST(file_that_cannot_be_read_is_named)
{
	struct regs_map map;
	char error[256];

	assert_int_equal(regs_map_load(&map, "/nowhere", error, sizeof(error)),
			 -ENOENT);
	assert_string_equal(error, "/nowhere: No such file or directory");
	assert_int_equal(regs_map_load(&map, "/", error, sizeof(error)), -EIO);
	assert_string_equal(error, "/: Is a directory");
}

TEST(examples_are_right)
{
	struct regs_map map;
	char error[256] = "";

	if (regs_map_load(&map, "docs/chips/bmp280.regs", error, sizeof(error)))
		fail_msg("%s", error);
	assert_int_equal(map.regs[regs_map_find(&map, 0x50)].reset, 0x58);
	regs_map_free(&map);
}

TEST_MAIN(setup, teardown)
