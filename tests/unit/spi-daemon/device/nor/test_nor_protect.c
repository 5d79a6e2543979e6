// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause

#include "spi-daemon/device/nor/nor_protect.h"
#include "tests/lib/test.h"

#define KIB	 1024ull
#define MIB	 (1024 * KIB)
#define BP(n)	 ((n) << 2)
#define TB_SMALL (1u << 5)
#define TB_LARGE (1u << 6)
#define CMP	 (1u << 6)

/* Locked ranges, from the W25Q data sheets */
struct range {
	uint64_t size;
	uint8_t status1;
	uint8_t status2;
	uint64_t start; /* locked: start..end-1 */
	uint64_t end;
};

static const struct range ranges[] = {
	{ 16 * MIB, 0, 0, 0, 0 },
	{ 16 * MIB, BP(1), 0, 16 * MIB - 256 * KIB, 16 * MIB },
	{ 16 * MIB, BP(6), 0, 8 * MIB, 16 * MIB },
	{ 16 * MIB, BP(7), 0, 0, 16 * MIB },
	{ 16 * MIB, BP(1) | TB_SMALL, 0, 0, 256 * KIB },
	{ 16 * MIB, BP(7) | TB_SMALL, 0, 0, 16 * MIB },
	{ 16 * MIB, TB_SMALL, 0, 0, 0 },
	{ 16 * MIB, 0, CMP, 0, 16 * MIB },
	{ 16 * MIB, BP(7), CMP, 0, 0 },
	{ 16 * MIB, BP(1), CMP, 0, 16 * MIB - 256 * KIB },
	{ 16 * MIB, BP(1) | TB_SMALL, CMP, 256 * KIB, 16 * MIB },
	{ 8 * MIB, BP(1), 0, 8 * MIB - 128 * KIB, 8 * MIB },
	{ 2 * MIB, BP(1), 0, 2 * MIB - 64 * KIB, 2 * MIB },
	{ 2 * MIB, BP(6), 0, 0, 2 * MIB },
	{ 64 * KIB, BP(1), 0, 0, 64 * KIB },
	{ 32 * MIB, BP(1), 0, 32 * MIB - 64 * KIB, 32 * MIB },
	{ 32 * MIB, BP(9), 0, 16 * MIB, 32 * MIB },
	{ 32 * MIB, BP(10), 0, 0, 32 * MIB },
	{ 32 * MIB, BP(15), 0, 0, 32 * MIB },
	{ 32 * MIB, BP(4) | TB_LARGE, 0, 0, 512 * KIB },
	{ 256 * MIB, BP(12), 0, 128 * MIB, 256 * MIB },
	{ 256 * MIB, BP(15), CMP, 0, 0 },
};

static bool byte_locked(const struct range *range, uint64_t at)
{
	return nor_protected(range->size, range->status1, range->status2, at,
			     1);
}

TEST(test_ranges_match_the_data_sheets)
{
	const struct range *range = ranges;
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++, range++) {
		if (range->start == range->end) {
			assert_false(nor_protected(range->size, range->status1,
						   range->status2, 0,
						   range->size));
			continue;
		}
		assert_true(byte_locked(range, range->start));
		assert_true(byte_locked(range, range->end - 1));
		if (range->start)
			assert_false(byte_locked(range, range->start - 1));
		if (range->end < range->size)
			assert_false(byte_locked(range, range->end));
	}
}

TEST(test_area_that_touches_the_range_is_protected)
{
	assert_false(nor_protected(16 * MIB, BP(6), 0, 0, 8 * MIB));
	assert_true(nor_protected(16 * MIB, BP(6), 0, 4 * MIB, 4 * MIB + 1));
	assert_true(nor_protected(16 * MIB, BP(1), 0, 0, 16 * MIB));
	assert_true(nor_protected(16 * MIB, BP(1) | TB_SMALL, 0, 0, 16 * MIB));
}

TEST(test_large_chips_have_four_bp_bits)
{
	assert_int_equal(nor_status1_mask(16 * MIB), 0xbc);
	assert_int_equal(nor_status1_mask(32 * MIB), 0xfc);
}

TEST_MAIN(NULL, NULL)
