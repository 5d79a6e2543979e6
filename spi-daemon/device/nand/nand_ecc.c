// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nand/nand_ecc.h"

#include <stdbool.h>
#include <stddef.h>

#define SECTORS 4

/* Bytes that are protected together, and where their parity is */
struct part {
	uint16_t at;   /* in the page, of sector 0 */
	uint16_t step; /* to the next sector */
	uint16_t len;
	uint16_t parity_at;
	uint8_t parity_len; /* bytes */
	uint8_t bits;	    /* of the number of a bit in the part */
};

static const struct part parts[] = {
	{ 0, 512, 512, NAND_DATA_SIZE + 8, 3, 12 },
	{ NAND_DATA_SIZE + 4, 16, 4, NAND_DATA_SIZE + 14, 2, 5 },
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

static uint32_t mask_of(const struct part *part)
{
	return (1u << part->bits) - 1;
}

/*
 * The numbers of all bits that are 1, xored; above them, the same with each
 * number inverted. If one bit changes, so does each bit of its number in one of
 * the two halves.
 */
static uint32_t parity(const struct part *part, const uint8_t *bytes)
{
	uint32_t sum = 0;
	uint8_t column = 0;

	for (uint32_t i = 0; i < part->len; i++) {
		column ^= bytes[i];
		if (__builtin_parity(bytes[i]))
			sum ^= i << 3;
	}
	for (uint32_t bit = 0; bit < 8; bit++)
		if (column >> bit & 1)
			sum ^= bit;
	if (!__builtin_parity(column))
		return sum | sum << part->bits;
	return sum | (~sum & mask_of(part)) << part->bits;
}

static uint32_t load(const struct part *part, const uint8_t *bytes)
{
	uint32_t stored = 0;

	for (uint8_t i = 0; i < part->parity_len; i++)
		stored |= (uint32_t)(uint8_t)~bytes[i] << 8 * i;
	return stored & (mask_of(part) | mask_of(part) << part->bits);
}

static void store(const struct part *part, uint8_t *bytes, uint32_t value)
{
	for (uint8_t i = 0; i < part->parity_len; i++)
		bytes[i] = (uint8_t) ~(value >> 8 * i);
}

static enum nand_ecc_result correct(const struct part *part, uint8_t *bytes,
				    const uint8_t *stored)
{
	uint32_t changed = load(part, stored) ^ parity(part, bytes);
	uint32_t mask = mask_of(part);
	uint32_t bit = changed & mask;

	if (!changed)
		return NAND_ECC_CLEAN;
	if ((bit ^ changed >> part->bits) == mask) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		return NAND_ECC_CORRECTED;
	}
	/* A bit of the parity itself */
	return __builtin_popcount(changed) == 1 ? NAND_ECC_CORRECTED
						: NAND_ECC_FAILED;
}

void nand_ecc_encode(uint8_t page[NAND_PAGE_SIZE])
{
	for (size_t i = 0; i < PART_COUNT * SECTORS; i++) {
		const struct part *part = &parts[i / SECTORS];
		size_t sector = i % SECTORS;

		store(part, page + part->parity_at + 16 * sector,
		      parity(part, page + part->at + part->step * sector));
	}
}

enum nand_ecc_result nand_ecc_correct(uint8_t page[NAND_PAGE_SIZE])
{
	enum nand_ecc_result worst = NAND_ECC_CLEAN;

	for (size_t i = 0; i < PART_COUNT * SECTORS; i++) {
		const struct part *part = &parts[i / SECTORS];
		size_t sector = i % SECTORS;
		enum nand_ecc_result result =
			correct(part, page + part->at + part->step * sector,
				page + part->parity_at + 16 * sector);

		if (result > worst)
			worst = result;
	}
	return worst;
}
