/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The commands of SPI flash chips and EEPROMs: which parts make up the message
 * of each, and what it does to the chip. The first byte of a message is its
 * opcode.
 */
#ifndef FLASH_OPS_H
#define FLASH_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/config/guest/device_spec.h"

/*
 * The parts that follow the opcode. Without the last of them no command has an
 * effect, so an unfinished message may be sent again from its first part on.
 */
enum flash_kind {
	FLASH_COMMAND,	/* none */
	FLASH_READ,	/* any number, until one receives */
	FLASH_ARGUMENT, /* one: an address, or the value of a register */
	FLASH_PROGRAM,	/* an address, then data */
};

/* What the command does to an operation of several messages. */
enum flash_role {
	FLASH_OTHER,
	FLASH_OPENS,	  /* write enable */
	FLASH_CLOSES,	  /* write disable */
	FLASH_STARTS,	  /* the chip works: program, erase, write */
	FLASH_RESETS,	  /* the chip works; this needs no write enable */
	FLASH_LOADS,	  /* the chip works: it reads a page into its cache */
	FLASH_STATUS,	  /* tells whether the chip works */
	FLASH_USES_CACHE, /* reads or writes the cache of a NAND */
};

struct flash_op {
	uint8_t opcode;
	enum flash_kind kind;
	enum flash_role role;
	/* Bytes of address, for FLASH_PROGRAM; 0: one part, of any length */
	uint8_t addr;
};

/* The command that begins with @opcode; NULL: no table of @framing has it. */
const struct flash_op *flash_ops_find(enum cs_framing framing, uint8_t opcode);

/*
 * Returns true if a part of @len bytes that only sends, behind @before bytes
 * of the message, leaves the message unfinished.
 */
bool flash_op_goes_on(const struct flash_op *op, uint64_t before, uint64_t len);

/*
 * The bytes that ask @framing's chips for their status: stores 1 or 2 in @cmd
 * and returns how many. One byte is received in answer.
 */
unsigned int flash_ops_status_command(enum cs_framing framing, uint8_t cmd[2]);

/*
 * A message of FLASH_STATUS was answered. @header are its first two bytes, as
 * far as it has them (0 for one that it lacks), @answer is the last byte
 * received. Returns true if the chip works.
 */
bool flash_op_says_busy(const struct flash_op *op, const uint8_t header[2],
			uint8_t answer);

#endif
