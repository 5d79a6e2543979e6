/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/flash/flash_sfdp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN	   8
#define MAX_HEADERS	   32
#define BASIC_ID	   0xff00
#define FOUR_ID		   0xff84 /* commands with addresses of 4 bytes */
#define BASIC_WORDS	   16	  /* of those that are looked at */
#define FOUR_WORDS	   2
#define MIN_WORDS	   9 /* as the first version has them */

#define READ_3		   0x0b
#define READ_4		   0x0c
#define PROGRAM_3	   0x02
#define PROGRAM_4	   0x12

#define MAX_SIZE	   (UINT64_C(1) << 32)
#define MAX_ERASE_EXPONENT 24 /* a chip has no larger blocks */

/* The tables, each with 0 behind what the chip has */
struct tables {
	uint32_t basic[BASIC_WORDS];
	uint32_t four[FOUR_WORDS];
	bool has_basic, has_four;
};

struct reader {
	int (*read)(void *chip, uint32_t addr, uint8_t *bytes, uint32_t len);
	void *chip;
};

static uint32_t le24(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | (uint32_t)bytes[2] << 16;
}

/* Reads a table of @words words from @addr, and of these at most @max. */
static int read_table(const struct reader *reader, uint32_t addr,
		      unsigned int words, uint32_t *table, unsigned int max)
{
	uint8_t bytes[4 * BASIC_WORDS];
	int err;

	if (words > max)
		words = max;
	memset(table, 0, max * sizeof(*table));
	err = reader->read(reader->chip, addr, bytes, 4 * words);
	for (unsigned int i = 0; !err && i < words; i++)
		table[i] = le24(bytes + 4 * i) | (uint32_t)bytes[4 * i + 3]
							 << 24;
	return err;
}

static int read_tables(const struct reader *reader, unsigned int headers,
		       struct tables *tables)
{
	uint8_t header[HEADER_LEN];
	int err = 0;

	for (unsigned int i = 0; !err && i < headers; i++) {
		err = reader->read(reader->chip, HEADER_LEN * (i + 1), header,
				   HEADER_LEN);
		if (err)
			return err;
		switch (header[7] << 8 | header[0]) {
		case BASIC_ID: /* the last one is the newest */
			err = read_table(reader, le24(header + 4), header[3],
					 tables->basic, BASIC_WORDS);
			tables->has_basic = header[3] >= MIN_WORDS;
			break;
		case FOUR_ID:
			err = read_table(reader, le24(header + 4), header[3],
					 tables->four, FOUR_WORDS);
			tables->has_four = header[3] >= FOUR_WORDS;
			break;
		}
	}
	return err;
}

static uint64_t size_of(uint32_t density)
{
	if (!(density >> 31))
		return ((uint64_t)density + 1) / 8;
	density &= 0x7fffffff;
	return density >= 3 && density <= 40 ? UINT64_C(1) << (density - 3) : 0;
}

/* The erase command with a 4-byte address that is usual for that @opcode. */
static uint8_t usual_erase_4(uint8_t opcode)
{
	switch (opcode) {
	case 0x20:
		return 0x21;
	case 0x52:
		return 0x5c;
	case 0xd8:
		return 0xdc;
	default:
		return 0;
	}
}

static int by_size(const void *a, const void *b)
{
	const struct flash_erase *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

static void take_erase_types(const struct tables *tables,
			     struct flash_geometry *geometry)
{
	for (unsigned int i = 0; i < FLASH_ERASE_TYPES; i++) {
		uint32_t word = tables->basic[7 + i / 2] >> 16 * (i % 2);
		unsigned int exponent = word & 0xff;
		uint8_t opcode = word >> 8;

		if (exponent == 0 || exponent > MAX_ERASE_EXPONENT)
			continue;
		if (geometry->addr_len == 4 && tables->has_four)
			opcode = tables->four[0] >> (9 + i) & 1
					 ? tables->four[1] >> 8 * i
					 : 0;
		else if (geometry->addr_len == 4)
			opcode = usual_erase_4(opcode);
		if (opcode)
			geometry->erase[geometry->erase_count++] =
				(struct flash_erase){ UINT32_C(1) << exponent,
						      opcode };
	}
	qsort(geometry->erase, geometry->erase_count,
	      sizeof(geometry->erase[0]), by_size);
}

/* Returns true if the chip has commands to read and program above 16 MiB. */
static bool has_4_byte_commands(const struct tables *tables)
{
	uint32_t supported = tables->four[0];

	if (tables->has_four)
		return supported & 1u << 1 && supported & 1u << 6;
	return tables->basic[15] & 1u << 29;
}

static void set_commands(struct flash_geometry *geometry)
{
	bool four = geometry->size > FLASH_3_BYTE_SIZE;

	geometry->addr_len = four ? 4 : 3;
	geometry->read = four ? READ_4 : READ_3;
	geometry->program = four ? PROGRAM_4 : PROGRAM_3;
}

static int take_tables(const struct tables *tables,
		       struct flash_geometry *geometry)
{
	unsigned int page_exponent = tables->basic[10] >> 4 & 0xf;

	geometry->size = size_of(tables->basic[1]);
	if (!tables->has_basic || geometry->size == 0)
		return -EINVAL;
	set_commands(geometry);
	if (geometry->size > MAX_SIZE ||
	    (geometry->addr_len == 4 && !has_4_byte_commands(tables)))
		return -ENOTSUP;
	geometry->page_size = page_exponent ? 1u << page_exponent : 256;
	take_erase_types(tables, geometry);
	return geometry->erase_count > 0 ? 0 : -EINVAL;
}

int flash_sfdp_read(int (*read)(void *chip, uint32_t addr, uint8_t *bytes,
				uint32_t len),
		    void *chip, struct flash_geometry *geometry)
{
	const struct reader reader = { read, chip };
	struct tables tables = { .has_basic = false };
	uint8_t header[HEADER_LEN];
	unsigned int headers;
	int err = read(chip, 0, header, sizeof(header));

	*geometry = (struct flash_geometry){ .sfdp = true };
	if (err)
		return err;
	if (memcmp(header, "SFDP", 4) != 0)
		return -ENOENT;
	geometry->minor = header[4];
	geometry->major = header[5];
	headers = header[6] + 1u;
	err = read_tables(&reader,
			  headers < MAX_HEADERS ? headers : MAX_HEADERS,
			  &tables);
	return err ? err : take_tables(&tables, geometry);
}

int flash_geometry_guess(const uint8_t id[3], struct flash_geometry *geometry)
{
	unsigned int exponent = id[2];

	/* 2^n; behind 32 MiB some go on with 20h for 64 MiB. */
	if (exponent >= 0x20 && exponent <= 0x22)
		exponent -= 6;
	if (exponent < 0x10 || exponent > 0x1c)
		return -ENOENT;
	*geometry = (struct flash_geometry){
		.size = UINT64_C(1) << exponent,
		.page_size = 256,
		.erase_count = 1,
	};
	set_commands(geometry);
	geometry->erase[0] =
		(struct flash_erase){ 65536,
				      geometry->addr_len == 4 ? 0xdc : 0xd8 };
	return 0;
}

const struct flash_erase *
flash_geometry_erase(const struct flash_geometry *geometry, uint64_t addr,
		     uint64_t len)
{
	const struct flash_erase *best = NULL;

	for (unsigned int i = 0; i < geometry->erase_count; i++)
		if (addr % geometry->erase[i].size == 0 &&
		    geometry->erase[i].size <= len)
			best = &geometry->erase[i];
	return best;
}
