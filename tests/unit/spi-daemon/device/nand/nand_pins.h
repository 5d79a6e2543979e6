/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The simulated NAND flash at its pins, for the tests of nand_chip.c. */
#ifndef NAND_PINS_H
#define NAND_PINS_H

#include "spi-daemon/device/nand/nand_chip.h"
#include "tests/unit/spi-daemon/device/store/memory_pins.h"

#define MIB	      (1024 * 1024u)

#define OIP	      0x01
#define WEL	      0x02
#define E_FAIL	      0x04
#define P_FAIL	      0x08
#define ECC_CORRECTED 0x10
#define ECC_FAILED    0x20

#define PROTECTION    0xa0
#define CONFIGURATION 0xb0

static inline uint8_t feature(struct nand_chip *chip, uint8_t addr)
{
	uint8_t value;

	ASK(chip, &value, 1, 0x0f, addr);
	return value;
}

static inline uint8_t status(struct nand_chip *chip)
{
	return feature(chip, 0xc0);
}

static inline void unlock(struct nand_chip *chip)
{
	SEND(chip, 0x1f, PROTECTION, 0);
}

static inline void page_read(struct nand_chip *chip, uint32_t row)
{
	SEND(chip, 0x13, (uint8_t)(row >> 16), (uint8_t)(row >> 8),
	     (uint8_t)row);
}

/* Returns the byte at @column of the cache. */
static inline uint8_t cached(struct nand_chip *chip, uint16_t column)
{
	uint8_t value;

	ASK(chip, &value, 1, 0x03, (uint8_t)(column >> 8), (uint8_t)column, 0);
	return value;
}

static inline uint8_t byte_at(struct nand_chip *chip, uint32_t row,
			      uint16_t column)
{
	page_read(chip, row);
	return cached(chip, column);
}

/* Programs @byte at @column, with all that belongs to it. */
static inline void program(struct nand_chip *chip, uint32_t row,
			   uint16_t column, uint8_t byte)
{
	SEND(chip, 0x06);
	SEND(chip, 0x02, (uint8_t)(column >> 8), (uint8_t)column, byte);
	SEND(chip, 0x10, (uint8_t)(row >> 16), (uint8_t)(row >> 8),
	     (uint8_t)row);
}

static inline void erase(struct nand_chip *chip, uint32_t row)
{
	SEND(chip, 0x06);
	SEND(chip, 0xd8, (uint8_t)(row >> 16), (uint8_t)(row >> 8),
	     (uint8_t)row);
}

/* Flips a bit of the contents behind the chip's back. */
static inline void damage(struct nand_chip *chip, uint32_t row, uint16_t column,
			  uint8_t bit)
{
	uint32_t addr = row * NAND_PAGE_SIZE + column;
	uint8_t byte;

	assert_int_equal(chip_store_read(&chip->memory.store, addr, &byte, 1),
			 0);
	byte ^= (uint8_t)(1u << bit);
	assert_int_equal(chip_store_write(&chip->memory.store, addr, &byte, 1),
			 0);
}

#endif
