// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_sfdp.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* Places in the table, in 32-bit words. BFPT_DWORD() counts from 1. */
#define HEADER		 1
#define BFPT_START	 8
#define BFPT_DWORD(n)	 (BFPT_START + (n)-1)
#define BFPT_DWORDS	 16
#define BAIT_HEADER	 4
#define BAIT_START	 (BFPT_START + BFPT_DWORDS)
#define BAIT_DWORDS	 2
#define SFDP_WORDS	 (BAIT_START + BAIT_DWORDS)

#define NO_TABLE	 0xffffffff
#define BFPT_ADDR_3_OR_4 (1u << 17)
/* Enter 4-byte mode with B7h, or use the opcodes of the 4BAIT. */
#define BFPT_ENTER_4BYTE (0x21u << 24)
/* Leave it with E9h, a software reset or a power cycle. */
#define BFPT_LEAVE_4BYTE (0xc1u << 14)

static_assert(SFDP_WORDS * 4 == NOR_SFDP_SIZE, "the header's size");

/*
 * The table of a chip with 4-byte addresses, as JESD216B has it. Bits that it
 * reserves are 1.
 */
static const uint32_t sfdp_words[SFDP_WORDS] = {
	0x50444653, /* "SFDP" */
	0xff010106, /* revision 1.6, two parameter headers */
	/* id FF00h (BFPT), revision 1.6, dwords, byte address */
	0x00010600 | BFPT_DWORDS << 24,
	0xff000000 | BFPT_START * 4,
	/* id FF84h (4BAIT), revision 1.0, dwords, byte address */
	0x00010084 | BAIT_DWORDS << 24,
	0xff000000 | BAIT_START * 4,
	NO_TABLE,
	NO_TABLE,

	/* 4 KiB erase 20h, 64-byte writes, reads 1-1-2 and 1-1-4 */
	[BFPT_DWORD(1)] = 0xffc120e5 | BFPT_ADDR_3_OR_4,
	[BFPT_DWORD(3)] = 0x6b080000, /* 1-1-4: 6Bh, 8 clocks */
	[BFPT_DWORD(4)] = 0x00003b08, /* 1-1-2: 3Bh, 8 clocks */
	[BFPT_DWORD(5)] = 0xffffffee, /* no 2-2-2, no 4-4-4 */
	[BFPT_DWORD(6)] = 0x0000ffff,
	[BFPT_DWORD(7)] = 0x0000ffff,
	[BFPT_DWORD(8)] = 0x520f200c, /* erase 2^12: 20h, 2^15: 52h */
	[BFPT_DWORD(9)] = 0x0000d810, /* 2^16: D8h */
	/* Erases: 5, 10 and 15 ms, 10 times that at most */
	[BFPT_DWORD(10)] = 14u << 18 | 9u << 11 | 4u << 4 | 4u,
	/*
	 * Chip erase 64 ms, bytes 128 us and 1 us, page program
	 * 448 us, pages of 2^8 bytes, 10 times that at most
	 */
	[BFPT_DWORD(11)] = 0x80000000 | 3u << 24 | 1u << 18 | 15u << 14 |
			   1u << 13 | 6u << 8 | 8u << 4 | 4u,
	[BFPT_DWORD(12)] = 0x80000000, /* no suspend and resume */
	[BFPT_DWORD(13)] = 0x00000000,
	[BFPT_DWORD(14)] = 0x80000007, /* no power-down; poll with 05h */
	/* QE is bit 1 of status 2: read with 35h, written with 01h */
	[BFPT_DWORD(15)] = 0xff500000,
	/* Soft reset 66h 99h; status 1 is written after 06h */
	[BFPT_DWORD(16)] = BFPT_ENTER_4BYTE | 3u << 22 | BFPT_LEAVE_4BYTE |
			   0x10u << 8 | 0x81,

	/* 13h 0Ch 3Ch 6Ch, 12h 34h, and erase types 1 to 3 */
	[BAIT_START] = 0xfe000ed7,
	[BAIT_START + 1] = 0xffdc5c21,
};

void nor_sfdp_fill(uint32_t size, uint8_t table[NOR_SFDP_SIZE])
{
	uint32_t words[SFDP_WORDS];
	uint32_t i;

	memcpy(words, sfdp_words, sizeof(words));
	/* The density in bits, less one */
	words[BFPT_DWORD(2)] = (uint32_t)(size * 8ull - 1);
	if (size <= NOR_3BYTE_MAX) {
		words[HEADER] &= ~(1u << 16); /* one parameter header */
		memset(&words[BAIT_HEADER], 0xff, 2 * sizeof(*words));
		memset(&words[BAIT_START], 0xff, BAIT_DWORDS * sizeof(*words));
		words[BFPT_DWORD(1)] &= ~BFPT_ADDR_3_OR_4;
		words[BFPT_DWORD(16)] &= ~(BFPT_ENTER_4BYTE | BFPT_LEAVE_4BYTE);
	}
	for (i = 0; i < SFDP_WORDS; i++)
		words[i] = htole32(words[i]);
	memcpy(table, words, NOR_SFDP_SIZE);
}

size_t nor_default_id(uint32_t size, uint8_t *id)
{
	static const uint8_t ids[][3] = {
		{ 0xef, 0x40, 0x10 }, /* 64 KiB */
		{ 0xef, 0x40, 0x11 }, /* 128 KiB */
		{ 0xef, 0x40, 0x12 }, /* W25Q20 */
		{ 0xef, 0x40, 0x13 }, /* W25Q40 */
		{ 0xef, 0x40, 0x14 }, /* W25Q80 */
		{ 0xef, 0x40, 0x15 }, /* W25Q16 */
		{ 0xef, 0x40, 0x16 }, /* W25Q32 */
		{ 0xef, 0x40, 0x17 }, /* W25Q64 */
		{ 0xef, 0x40, 0x18 }, /* W25Q128, 16 MiB */
		{ 0xef, 0x40, 0x19 }, /* W25Q256 */
		{ 0xef, 0x40, 0x20 }, /* W25Q512JV */
		/* Linux would erase an EF 40 21 die by die. */
		{ 0xef, 0x60, 0x21 }, /* W25Q01NW */
		{ 0xef, 0x80, 0x22 }, /* W25Q02NW, 256 MiB */
	};
	size_t i = 0;

	while (64u * 1024 << i < size)
		i++;
	memcpy(id, ids[i], sizeof(ids[i]));
	return sizeof(ids[i]);
}
