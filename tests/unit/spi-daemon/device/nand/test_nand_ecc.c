// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* Error correction of the simulated NAND flash */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/nand/nand_ecc.h"
#include "tests/lib/test.h"

#define ROUNDS 2000

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

static void fill(uint8_t page[NAND_PAGE_SIZE])
{
	for (int i = 0; i < NAND_PAGE_SIZE; i++)
		page[i] = (uint8_t)random_below(256);
	nand_ecc_encode(page);
}

static void flip(uint8_t *page, uint32_t bit)
{
	page[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

TEST(erased_page_has_no_error)
{
	uint8_t page[NAND_PAGE_SIZE], erased[NAND_PAGE_SIZE];

	memset(page, 0xff, sizeof(page));
	memset(erased, 0xff, sizeof(erased));
	assert_int_equal(nand_ecc_correct(page), NAND_ECC_CLEAN);
	nand_ecc_encode(page);
	assert_memory_equal(page, erased, sizeof(page));
}

TEST(encoded_page_has_no_error)
{
	uint8_t page[NAND_PAGE_SIZE], copy[NAND_PAGE_SIZE];

	for (int i = 0; i < 20; i++) {
		fill(page);
		memcpy(copy, page, sizeof(copy));
		assert_int_equal(nand_ecc_correct(page), NAND_ECC_CLEAN);
		assert_memory_equal(page, copy, sizeof(page));
	}
}

TEST(each_data_bit_is_corrected)
{
	uint8_t page[NAND_PAGE_SIZE], copy[NAND_PAGE_SIZE];

	fill(page);
	memcpy(copy, page, sizeof(copy));
	for (uint32_t bit = 0; bit < NAND_DATA_SIZE * 8; bit += 7) {
		flip(page, bit);
		assert_int_equal(nand_ecc_correct(page), NAND_ECC_CORRECTED);
		assert_memory_equal(page, copy, sizeof(page));
	}
}

/* Each 16 bytes: marker and free 4, protected 4, parity 3, unused 3, parity 2
 */
TEST(spare_bits_are_what_the_layout_says)
{
	uint8_t page[NAND_PAGE_SIZE], copy[NAND_PAGE_SIZE];

	fill(page);
	memcpy(copy, page, sizeof(copy));
	for (uint32_t byte = 0; byte < NAND_SPARE_SIZE; byte++) {
		uint32_t at = byte % 16;
		bool covered = (at >= 4 && at < 11) || at >= 14;

		flip(page, (NAND_DATA_SIZE + byte) * 8);
		assert_int_equal(nand_ecc_correct(page),
				 covered ? NAND_ECC_CORRECTED : NAND_ECC_CLEAN);
		if (at >= 4 && at < 8)
			assert_memory_equal(page, copy, sizeof(page));
		memcpy(page, copy, sizeof(page));
	}
}

TEST(two_bits_of_a_sector_are_detected)
{
	uint8_t page[NAND_PAGE_SIZE];

	fill(page);
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t sector = random_below(4) * 512 * 8;
		uint32_t a = random_below(512 * 8), b = random_below(512 * 8);

		if (a == b)
			continue;
		flip(page, sector + a);
		flip(page, sector + b);
		assert_int_equal(nand_ecc_correct(page), NAND_ECC_FAILED);
		flip(page, sector + a);
		flip(page, sector + b);
	}
}

TEST(one_bit_of_each_sector_is_corrected)
{
	uint8_t page[NAND_PAGE_SIZE], copy[NAND_PAGE_SIZE];

	fill(page);
	memcpy(copy, page, sizeof(copy));
	for (uint32_t sector = 0; sector < 4; sector++)
		flip(page, sector * 4096 + random_below(4096));
	assert_int_equal(nand_ecc_correct(page), NAND_ECC_CORRECTED);
	assert_memory_equal(page, copy, sizeof(page));
}

TEST_MAIN(NULL, NULL)
