// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nand/nand_ops.h"

#include <string.h>

#include "spi-daemon/device/nand/nand_chip.h"

/* "nandst", and the version of struct nand_state */
#define NAND_STAMP    UINT64_C(0x6e616e6473740001)

#define PROTECTION    0xa0 /* addresses of registers */
#define CONFIGURATION 0xb0
#define STATUS	      0xc0

#define OIP	      (1u << 0)
#define WEL	      (1u << 1)
#define E_FAIL	      (1u << 2)
#define P_FAIL	      (1u << 3)
#define ECC_SHIFT     4
#define ECC_MASK      (3u << ECC_SHIFT)

/* Bits of the registers that can be written */
#define PROTECTION_MASK	   0xfe /* SRP0, BP3..BP0, TB, WP-E */
#define PROTECTION_ALL	   0x7c /* BP3..BP0 and TB: all blocks */
#define CONFIGURATION_MASK 0x50 /* OTP-E, ECC-E */
#define BUF		   0x08 /* always set */
#define ECC_E		   0x10
#define STATUS_MASK	   0x3c /* ECC, P-FAIL, E-FAIL */

#define OTP_E		   (1u << 6)
#define TB		   (1u << 2)
#define BP_SHIFT	   3
#define BP_MASK		   0xf
#define BP_ALL		   10 /* this and above: all blocks */

#define BLOCK_SIZE	   (NAND_BLOCK_PAGES * NAND_PAGE_SIZE)

static const struct nand_chip *nand_of(const struct memory_chip *chip)
{
	return (const struct nand_chip *)(const void *)chip;
}

static uint32_t row_of(const struct memory_chip *chip)
{
	return chip->addr & (nand_of(chip)->pages - 1);
}

static uint32_t block_of(const struct memory_chip *chip)
{
	return row_of(chip) / NAND_BLOCK_PAGES;
}

static bool is_bad(const struct memory_chip *chip)
{
	return nand_of(chip)->bad[block_of(chip) / 8] >> block_of(chip) % 8 & 1;
}

/* BP locks nothing, 2 blocks, 4 and so on at the top, or with TB below. */
static bool is_locked(const struct memory_chip *chip)
{
	uint8_t protection = nand_state_of(chip)->protection;
	uint32_t bp = protection >> BP_SHIFT & BP_MASK;
	uint32_t blocks = nand_of(chip)->pages / NAND_BLOCK_PAGES;
	uint32_t locked = bp ? 1u << bp : 0;

	if (bp >= BP_ALL || locked > blocks)
		locked = blocks;
	if (protection & TB)
		return block_of(chip) < locked;
	return block_of(chip) >= blocks - locked;
}

static bool can_change(const struct memory_chip *chip)
{
	return !is_locked(chip) && !is_bad(chip) &&
	       !(nand_state_of(chip)->configuration & OTP_E);
}

static uint8_t out_id(struct memory_chip *chip)
{
	const struct nand_chip *nand = nand_of(chip);

	return nand->id[chip->data % nand->id_len];
}

static uint8_t out_status(struct memory_chip *chip)
{
	struct nand_state *state = nand_state_of(chip);
	bool busy = chip_state_is_busy(&state->common);

	return state->status | (busy ? OIP : 0) |
	       (state->common.write_enabled ? WEL : 0);
}

static uint8_t out_feature(struct memory_chip *chip)
{
	switch (chip->addr) {
	case PROTECTION:
		return nand_state_of(chip)->protection;
	case CONFIGURATION:
		return nand_state_of(chip)->configuration;
	case STATUS:
		return out_status(chip);
	default:
		return 0;
	}
}

static void set_feature(struct memory_chip *chip)
{
	if (chip->addr == PROTECTION)
		nand_state_of(chip)->protection = chip->page[0] &
						  PROTECTION_MASK;
	else if (chip->addr == CONFIGURATION)
		nand_state_of(chip)->configuration =
			(chip->page[0] & CONFIGURATION_MASK) | BUF;
}

/* Returns the place of the next byte of data in the cache, or NULL. */
static uint8_t *cache_byte(struct memory_chip *chip)
{
	uint64_t at = (chip->addr & 0xfff) + chip->data;

	return at < NAND_PAGE_SIZE ? &nand_state_of(chip)->cache[at] : NULL;
}

static uint8_t out_cache(struct memory_chip *chip)
{
	const uint8_t *byte = cache_byte(chip);

	return byte ? *byte : MEMORY_FLOATING;
}

static void in_cache(struct memory_chip *chip, uint8_t in)
{
	uint8_t *byte = cache_byte(chip);

	if (byte)
		*byte = in;
}

static void clear_cache(struct memory_chip *chip)
{
	memset(nand_state_of(chip)->cache, 0xff, NAND_PAGE_SIZE);
}

static void reset(struct memory_chip *chip)
{
	struct nand_state *state = nand_state_of(chip);

	state->common.write_enabled = 0;
	state->status = 0;
	state->configuration &= (uint8_t)~OTP_E;
	state->common.busy_until_ns = 0;
}

/* Sets the bits of @mask in the status register to those of @value. */
static void set_status(struct memory_chip *chip, uint8_t mask, uint8_t value)
{
	struct nand_state *state = nand_state_of(chip);

	state->status = (uint8_t)((state->status & ~mask) | value);
}

static void set_ecc(struct memory_chip *chip, enum nand_ecc_result result)
{
	set_status(chip, ECC_MASK, (uint8_t)(result << ECC_SHIFT));
}

static void read_contents(struct memory_chip *chip, uint8_t *page)
{
	memset(page, 0xff, NAND_PAGE_SIZE);
	if (nand_state_of(chip)->configuration & OTP_E)
		return;
	if (is_bad(chip))
		memset(page, 0, NAND_PAGE_SIZE);
	else
		chip->error = chip_store_read(&chip->store,
					      row_of(chip) * NAND_PAGE_SIZE,
					      page, NAND_PAGE_SIZE);
}

static void read_page(struct memory_chip *chip)
{
	uint8_t *page = nand_state_of(chip)->cache;
	enum nand_ecc_result result = NAND_ECC_CLEAN;

	read_contents(chip, page);
	if (chip->error)
		result = NAND_ECC_FAILED;
	else if (nand_state_of(chip)->configuration & ECC_E)
		result = nand_ecc_correct(page);
	set_ecc(chip, result);
}

static void program_page(struct memory_chip *chip)
{
	uint8_t page[NAND_PAGE_SIZE];
	bool failed = !can_change(chip);

	memcpy(page, nand_state_of(chip)->cache, sizeof(page));
	if (nand_state_of(chip)->configuration & ECC_E)
		nand_ecc_encode(page);
	if (!failed)
		chip->error = chip_store_program(&chip->store,
						 row_of(chip) * NAND_PAGE_SIZE,
						 page, sizeof(page));
	failed = failed || chip->error;
	set_status(chip, P_FAIL, failed ? P_FAIL : 0);
}

static void erase_block(struct memory_chip *chip)
{
	bool failed = !can_change(chip);

	if (!failed)
		chip->error = chip_store_erase(
			&chip->store, block_of(chip) * BLOCK_SIZE, BLOCK_SIZE);
	failed = failed || chip->error;
	set_status(chip, E_FAIL, failed ? E_FAIL : 0);
}

#define SWITCH(op_, run_)                  \
	{                                  \
		.opcode = op_, .run = run_ \
	}
#define GET_FEATURE(op_)                                      \
	{                                                     \
		.opcode = op_, .addr = 1, .while_busy = true, \
		.out = out_feature                            \
	}
#define SET_FEATURE(op_)                                         \
	{                                                        \
		.opcode = op_, .addr = 1, .in = memory_take,     \
		.run = set_feature, .data_min = 1, .data_max = 1 \
	}
#define READ_CACHE(op_, dummy_)                                             \
	{                                                                   \
		.opcode = op_, .addr = 2, .dummy = dummy_, .out = out_cache \
	}
#define LOAD(op_, start_)                                                 \
	{                                                                 \
		.opcode = op_, .addr = 2, .start = start_, .in = in_cache \
	}
#define OPERATION(op_, wel_, us_, run_)                                      \
	{                                                                    \
		.opcode = op_, .addr = 3, .needs_wel = wel_, .busy_us = us_, \
		.run = run_                                                  \
	}

static const struct memory_op nand_ops[] = {
	{ .opcode = 0xff, .while_busy = true, .run = reset },
	{ .opcode = 0x9f, .dummy = 1, .out = out_id },
	GET_FEATURE(0x0f),
	GET_FEATURE(0x05),
	SET_FEATURE(0x1f),
	SET_FEATURE(0x01),
	SWITCH(0x06, memory_write_enable),
	SWITCH(0x04, memory_write_disable),
	READ_CACHE(0x03, 1),
	READ_CACHE(0x0b, 1),
	READ_CACHE(0x3b, 1),
	READ_CACHE(0x6b, 1),
	READ_CACHE(0xbb, 1), /* 4 clocks on two lines */
	READ_CACHE(0xeb, 2), /* 4 clocks on four lines */
	LOAD(0x02, clear_cache),
	LOAD(0x32, clear_cache),
	LOAD(0x84, NULL),
	LOAD(0x34, NULL),
	OPERATION(0x13, false, 60, read_page),
	OPERATION(0x10, true, 250, program_page),
	OPERATION(0xd8, true, 2000, erase_block),
};

static bool is_valid(const struct memory_chip *chip)
{
	const struct nand_state *state = nand_state_of(chip);

	return !(state->protection & ~PROTECTION_MASK) &&
	       (state->configuration & ~CONFIGURATION_MASK) == BUF &&
	       !(state->status & ~STATUS_MASK);
}

/* Page 0 is in the cache. A guest that needs its file finds out itself. */
static void power_on(struct memory_chip *chip)
{
	struct nand_state *state = nand_state_of(chip);

	state->protection = nand_of(chip)->locked ? PROTECTION_ALL : 0;
	state->configuration = ECC_E | BUF;
	chip->addr = 0;
	read_page(chip);
	chip->error = 0;
}

const struct memory_kind nand_kind = {
	.stamp = NAND_STAMP,
	.state_size = sizeof(struct nand_state),
	.ops = nand_ops,
	.op_count = sizeof(nand_ops) / sizeof(*nand_ops),
	.is_valid = is_valid,
	.power_on = power_on,
};
