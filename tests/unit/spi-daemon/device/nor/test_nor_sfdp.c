// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* Reads the table as a driver does, through its headers. */
#include <string.h>

#include "spi-daemon/device/nor/nor_sfdp.h"
#include "tests/lib/test.h"

#define KIB 1024u
#define MIB (1024 * KIB)

static uint8_t table[NOR_SFDP_SIZE];

static uint32_t dword(uint32_t at)
{
	return (uint32_t)table[at] | (uint32_t)table[at + 1] << 8 |
	       (uint32_t)table[at + 2] << 16 | (uint32_t)table[at + 3] << 24;
}

/* Returns the offset of parameter table @id, or 0. */
static uint32_t find_table(uint16_t id, uint8_t dwords)
{
	uint32_t header, count = table[6] + 1u;
	uint32_t i;

	for (i = 0; i < count; i++) {
		header = 8 + 8 * i;
		if ((table[header + 7] << 8 | table[header]) != id)
			continue;
		assert_int_equal(table[header + 2], 1);
		assert_int_equal(table[header + 3], dwords);
		header = dword(header + 4) & 0xffffff;
		assert_int_equal(header % 4, 0);
		assert_true(header >= 8 + 8 * count);
		assert_true(header + 4u * dwords <= NOR_SFDP_SIZE);
		return header;
	}
	return 0;
}

/* Returns dword @n of the basic table, from 1 as in JESD216. */
static uint32_t bfpt(uint32_t n)
{
	uint32_t start = find_table(0xff00, 16);

	assert_int_not_equal(start, 0);
	return dword(start + 4 * (n - 1));
}

TEST(test_header_is_that_of_jesd216b)
{
	nor_sfdp_fill(16 * MIB, table);
	assert_memory_equal(table, "SFDP\x06\x01\x00\xff", 8);
	/* The first parameter header must be the basic table's. */
	assert_int_equal(table[8], 0x00);
	assert_int_equal(table[15], 0xff);
}

TEST(test_density_is_right_for_every_size)
{
	uint64_t size;

	for (size = 64 * KIB; size <= 256 * MIB; size *= 2) {
		nor_sfdp_fill((uint32_t)size, table);
		assert_int_equal(bfpt(2) & 1u << 31, 0);
		assert_int_equal((bfpt(2) + 1ull) / 8, size);
	}
}

TEST(test_basic_table_tells_what_the_chip_does)
{
	nor_sfdp_fill(16 * MIB, table);
	assert_int_equal(bfpt(1) & 3, 1);	      /* 4 KiB erase */
	assert_int_equal(bfpt(1) >> 8 & 0xff, 0x20);  /* by 20h */
	assert_int_equal(bfpt(1) >> 16 & 0x7f, 0x41); /* 1-1-2, 1-1-4 */
	assert_int_equal(bfpt(3) >> 16, 0x6b08);
	assert_int_equal(bfpt(4) & 0xffff, 0x3b08);
	assert_int_equal(bfpt(5) & 0x11, 0);
	assert_int_equal(bfpt(8), 0x520f200c);
	assert_int_equal(bfpt(9), 0x0000d810);
	assert_int_equal(bfpt(11) >> 4 & 0xf, 8);     /* 256-byte pages */
	assert_int_equal(bfpt(12) >> 31, 1);	      /* no suspend */
	assert_int_equal(bfpt(14) >> 2 & 3, 1);	      /* poll with 05h */
	assert_int_equal(bfpt(15) >> 20 & 7, 5);      /* QE: status 2 bit 1 */
	assert_int_equal(bfpt(16) >> 8 & 0x3f, 0x10); /* 66h 99h */
}

TEST(test_times_cover_the_real_ones)
{
	uint32_t max = 0, typical, i;
	static const uint32_t units_ms[] = { 1, 16, 128, 1000 };
	static const uint32_t erase_ms[] = { 5, 10, 15 };

	nor_sfdp_fill(16 * MIB, table);
	for (i = 0; i < 3; i++) {
		typical = bfpt(10) >> (4 + 7 * i) & 0x7f;
		typical = ((typical & 0x1f) + 1) * units_ms[typical >> 5];
		assert_int_equal(typical, erase_ms[i]);
	}
	max = 2 * ((bfpt(10) & 0xf) + 1);
	assert_int_equal(max, 10);
	typical = ((bfpt(11) >> 8 & 0x1f) + 1) * (bfpt(11) >> 13 & 1 ? 64 : 8);
	assert_in_range(typical, 400, 500);
	/* Chip erase: units of 16 ms. */
	assert_int_equal(bfpt(11) >> 29 & 3, 0);
	assert_in_range(((bfpt(11) >> 24 & 0x1f) + 1) * 16, 50, 100);
}

TEST(test_small_chips_have_3_byte_addresses_only)
{
	nor_sfdp_fill(16 * MIB, table);
	assert_int_equal(find_table(0xff84, 2), 0);
	assert_int_equal(bfpt(1) >> 17 & 3, 0);
	assert_int_equal(bfpt(16) >> 24, 0);
	assert_int_equal(bfpt(16) >> 14 & 0x1f, 0);
}

TEST(test_large_chips_have_4_byte_opcodes)
{
	uint32_t start;

	nor_sfdp_fill(32 * MIB, table);
	assert_int_equal(bfpt(1) >> 17 & 3, 1);
	assert_int_equal(bfpt(16) >> 24, 0x21);	    /* B7h, or the table's */
	assert_int_equal(bfpt(16) >> 14 & 0x1f, 1); /* E9h */
	start = find_table(0xff84, 2);
	assert_int_not_equal(start, 0);
	assert_int_equal(dword(start) & 0x1ffffff, 0xed7);
	assert_int_equal(dword(start + 4), 0xffdc5c21);
}

TEST(test_default_ids_tell_the_size)
{
	static const uint8_t last[] = { 0x10, 0x11, 0x12, 0x13, 0x14,
					0x15, 0x16, 0x17, 0x18, 0x19,
					0x20, 0x21, 0x22 };
	uint8_t id[6];
	size_t i;

	for (i = 0; i < sizeof(last); i++) {
		assert_int_equal(nor_default_id(64 * KIB << i, id), 3);
		assert_int_equal(id[0], 0xef);
		assert_int_equal(id[2], last[i]);
	}
	assert_int_equal(nor_default_id(16 * MIB, id), 3);
	assert_memory_equal(id, "\xef\x40\x18", 3);
}

TEST_MAIN(NULL, NULL)
