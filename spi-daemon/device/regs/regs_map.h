/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The registers of a chip, and how its messages name them: a text file, whose
 * format docs/register-maps.md describes.
 */
#ifndef REGS_MAP_H
#define REGS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGS_COUNT_MAX 4096
#define REGS_LINE_MAX  255 /* characters */

#define REGS_NO_BIT    8 /* none of the first byte */

/* What a register does besides keeping a value */
#define REG_READ_ONLY	  (1u << 0)
#define REG_WRITE_ONLY	  (1u << 1) /* reads as 0 */
#define REG_CLEAR_ON_READ (1u << 2)
#define REG_WRITE_1_CLEARS \
	(1u << 3) /* the bits that are 1 in what is written */

struct reg {
	uint32_t addr;
	uint32_t reset;	   /* its value at first */
	uint32_t writable; /* bits that a write can change */
	uint8_t bytes;	   /* 1..4 */
	uint8_t flags;	   /* REG_... */
};

struct regs_map {
	uint8_t command_bytes; /* 1..4, before the data */
	uint8_t address_bits;  /* 1..16 */
	uint8_t address_shift; /* 0..31: bits of the command below them */
	uint8_t read_bit;  /* of the first byte: 1 is a read; REGS_NO_BIT: */
	uint8_t write_bit; /* 1 is a write */
	uint8_t increment_bit; /* 1: the address increases; REGS_NO_BIT: */
	bool increment;	       /* whether it always does */
	uint8_t dummy_bytes;   /* 0..4, of a read, before the data */
	uint8_t value_bytes;   /* 1..4, of registers that say nothing else */
	bool little_endian;    /* the lowest byte of a value is the first */
	uint8_t modes;	       /* bit n: SPI mode n is understood */

	struct reg *regs; /* in the order of their addresses */
	size_t count;
};

/*
 * Reads the map from @file. Returns 0, and the caller frees @map; or a negative
 * errno, -EBADMSG for a mistake in the file, with one line (no newline) in
 * @error that names the file, and the line of a mistake.
 */
int regs_map_load(struct regs_map *map, const char *file, char *error,
		  size_t error_size);
void regs_map_free(struct regs_map *map);

/* Returns the index of the register at @addr, or -1. */
int regs_map_find(const struct regs_map *map, uint32_t addr);

/* Returns the bits of a value of @bytes bytes. */
static inline uint32_t regs_value_mask(uint8_t bytes)
{
	return UINT32_MAX >> (32 - 8 * bytes);
}

#endif
