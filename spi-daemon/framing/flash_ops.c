/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>

#include "spi-daemon/framing/flash_ops.h"

#define COMMAND(op, role)                          \
	{                                          \
		op, FLASH_COMMAND, FLASH_##role, 0 \
	}
#define READ(op, role)                          \
	{                                       \
		op, FLASH_READ, FLASH_##role, 0 \
	}
#define ARGUMENT(op, role)                          \
	{                                           \
		op, FLASH_ARGUMENT, FLASH_##role, 0 \
	}
#define PROGRAM(op, role, bytes)                       \
	{                                              \
		op, FLASH_PROGRAM, FLASH_##role, bytes \
	}

/* clang-format off */

/* JEDEC SPI NOR, with what Linux's spi-nor sends to chips of all makers. */
static const struct flash_op nor_ops[] = {
	COMMAND(0x06, OPENS), COMMAND(0x50, OPENS), COMMAND(0x04, CLOSES),
	COMMAND(0xc7, STARTS), COMMAND(0x60, STARTS), COMMAND(0x99, RESETS),
	COMMAND(0xf0, RESETS), COMMAND(0x98, STARTS), COMMAND(0x7e, STARTS),
	COMMAND(0x66, OTHER), COMMAND(0xb7, OTHER), COMMAND(0xe9, OTHER),
	COMMAND(0xb9, OTHER), COMMAND(0xab, OTHER), COMMAND(0x30, OTHER),
	COMMAND(0x75, OTHER), COMMAND(0x7a, OTHER),

	READ(0x05, STATUS), READ(0x70, STATUS),
	READ(0x9f, OTHER), READ(0x9e, OTHER), READ(0x35, OTHER),
	READ(0x15, OTHER), READ(0x3f, OTHER), READ(0x65, OTHER),
	READ(0x5a, OTHER), READ(0x4b, OTHER), READ(0x48, OTHER),
	READ(0x85, OTHER), READ(0xb5, OTHER), READ(0xc8, OTHER),
	READ(0x16, OTHER), READ(0x2b, OTHER), READ(0x03, OTHER),
	READ(0x0b, OTHER), READ(0x3b, OTHER), READ(0x6b, OTHER),
	READ(0xbb, OTHER), READ(0xeb, OTHER), READ(0x8b, OTHER),
	READ(0xcb, OTHER), READ(0x13, OTHER), READ(0x0c, OTHER),
	READ(0x3c, OTHER), READ(0x6c, OTHER), READ(0xbc, OTHER),
	READ(0xec, OTHER), READ(0x7c, OTHER), READ(0xcc, OTHER),

	/* registers */
	ARGUMENT(0x01, STARTS), ARGUMENT(0x31, STARTS), ARGUMENT(0x11, STARTS),
	ARGUMENT(0x81, STARTS), ARGUMENT(0xb1, STARTS), ARGUMENT(0xc5, OTHER),
	ARGUMENT(0x17, OTHER),
	/* erase */
	ARGUMENT(0x20, STARTS), ARGUMENT(0x21, STARTS), ARGUMENT(0x52, STARTS),
	ARGUMENT(0x5c, STARTS), ARGUMENT(0xd8, STARTS), ARGUMENT(0xdc, STARTS),
	ARGUMENT(0xd7, STARTS), ARGUMENT(0x44, STARTS),

	PROGRAM(0x02, STARTS, 3), PROGRAM(0x32, STARTS, 3),
	PROGRAM(0xa2, STARTS, 3), PROGRAM(0xd2, STARTS, 3),
	PROGRAM(0x38, STARTS, 3), PROGRAM(0x82, STARTS, 3),
	PROGRAM(0xc2, STARTS, 3), PROGRAM(0x42, STARTS, 3),
	PROGRAM(0x71, STARTS, 3),
	PROGRAM(0x12, STARTS, 4), PROGRAM(0x34, STARTS, 4),
	PROGRAM(0x3e, STARTS, 4), PROGRAM(0x84, STARTS, 4),
	PROGRAM(0x8e, STARTS, 4),
};

/* SPI NAND, as Linux's spinand sends it. */
static const struct flash_op nand_ops[] = {
	COMMAND(0x06, OPENS), COMMAND(0x04, CLOSES), COMMAND(0xff, RESETS),

	READ(0x0f, STATUS), READ(0x9f, OTHER),
	READ(0x03, USES_CACHE), READ(0x0b, USES_CACHE), READ(0x3b, USES_CACHE),
	READ(0x6b, USES_CACHE), READ(0xbb, USES_CACHE), READ(0xeb, USES_CACHE),
	READ(0x8b, USES_CACHE), READ(0xcb, USES_CACHE),

	ARGUMENT(0x13, LOADS), ARGUMENT(0x10, STARTS), ARGUMENT(0xd8, STARTS),

	PROGRAM(0x1f, OTHER, 1), PROGRAM(0x02, USES_CACHE, 2),
	PROGRAM(0x84, USES_CACHE, 2), PROGRAM(0x32, USES_CACHE, 2),
	PROGRAM(0x34, USES_CACHE, 2), PROGRAM(0xc4, USES_CACHE, 2),
	PROGRAM(0x82, USES_CACHE, 2), PROGRAM(0xc2, USES_CACHE, 2),
};

/*
 * A 25-series EEPROM, with the ninth address bit of READ and WRITE, and ST's
 * identification page. The length of an address depends on the chip: Linux's
 * at25 sends it as a part of its own, or all but received data as one.
 */
static const struct flash_op eeprom_ops[] = {
	COMMAND(0x06, OPENS), COMMAND(0x04, CLOSES),
	READ(0x05, STATUS),
	READ(0x03, OTHER), READ(0x0b, OTHER), READ(0x83, OTHER),
	ARGUMENT(0x01, STARTS),
	PROGRAM(0x02, STARTS, 0), PROGRAM(0x0a, STARTS, 0),
	PROGRAM(0x82, STARTS, 0),
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct table {
	const struct flash_op *ops;
	size_t count;
} tables[] = {
	[CS_NOR] = { nor_ops, COUNT(nor_ops) },
	[CS_NAND] = { nand_ops, COUNT(nand_ops) },
	[CS_EEPROM] = { eeprom_ops, COUNT(eeprom_ops) },
};

const struct flash_op *flash_ops_find(enum cs_framing framing, uint8_t opcode)
{
	const struct table *table;

	if (!cs_has_commands(framing))
		return NULL;
	table = &tables[framing];
	for (size_t i = 0; i < table->count; i++)
		if (table->ops[i].opcode == opcode)
			return &table->ops[i];
	return NULL;
}

/*
 * Returns true if a program command has its address, and no data yet. A NOR
 * chip may be in its 4-byte mode; the length of the part that has the address
 * shows it.
 */
static bool lacks_data(const struct flash_op *op, uint64_t before,
		       uint64_t after)
{
	uint64_t header = 1u + op->addr;

	if (!op->addr)
		return before ? before == 1 : after == 1;
	return after <= header ||
	       (op->addr == 3 && before < header && after == header + 1);
}

bool flash_op_goes_on(const struct flash_op *op, uint64_t before, uint64_t len)
{
	switch (op->kind) {
	case FLASH_COMMAND:
		return false;
	case FLASH_READ:
		return true;
	case FLASH_ARGUMENT:
		return before + len == 1;
	case FLASH_PROGRAM:
		return lacks_data(op, before, before + len);
	}
	return false;
}

#define NOR_FLAG_STATUS	 0x70
#define NOR_FLAG_READY	 0x80 /* of the flag status register */
#define BUSY		 0x01 /* of the status register */
#define NAND_GET_FEATURE 0x0f
#define NAND_STATUS	 0xc0 /* the status register's address */
#define READ_STATUS	 0x05 /* of NOR and EEPROM */

unsigned int flash_ops_status_command(enum cs_framing framing, uint8_t cmd[2])
{
	cmd[0] = framing == CS_NAND ? NAND_GET_FEATURE : READ_STATUS;
	cmd[1] = NAND_STATUS;
	return framing == CS_NAND ? 2 : 1;
}

bool flash_op_says_busy(const struct flash_op *op, const uint8_t header[2],
			uint8_t answer)
{
	if (op->opcode == NOR_FLAG_STATUS)
		return !(answer & NOR_FLAG_READY);
	/* Other registers of a NAND say nothing of it. */
	if (op->opcode == NAND_GET_FEATURE && header[1] != NAND_STATUS)
		return true;
	return answer & BUSY;
}
