/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The commands of the simulated NAND flash: what each one takes and does. */
#ifndef NAND_OPS_H
#define NAND_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/nand/nand_chip.h"

/* What the host reads while the chip does not drive its output */
#define NAND_FLOATING 0xff

/* Bits of the registers that can be written */
#define NAND_PROTECTION_MASK	0xfe /* SRP0, BP3..BP0, TB, WP-E */
#define NAND_PROTECTION_ALL	0x7c /* BP3..BP0 and TB: all blocks */
#define NAND_CONFIGURATION_MASK 0x50 /* OTP-E, ECC-E */
#define NAND_BUF		0x08 /* always set */
#define NAND_ECC_E		0x10
#define NAND_STATUS_MASK	0x3c /* ECC, P-FAIL, E-FAIL */

#define NAND_OP_PAGE_READ	0x13

/* A command. */
struct nand_op {
	uint8_t opcode;
	uint8_t addr;	 /* address bytes */
	uint8_t dummy;	 /* bytes between address and data */
	bool while_busy; /* allowed while the chip is busy */
	bool needs_wel;
	bool takes_data;  /* runs if data came */
	uint32_t busy_us; /* 0: no operation, and takes no time */
	/* Prepares for data, when the address has come; NULL: nothing to do. */
	void (*start)(struct nand_chip *chip);
	/* Returns the next byte of data; NULL: the command has none. */
	uint8_t (*out)(struct nand_chip *chip);
	/* Takes the next byte of data, ->value; NULL: it is ignored. */
	void (*in)(struct nand_chip *chip);
	/* Runs the command, at the deselect edge; NULL: nothing to do. */
	void (*run)(struct nand_chip *chip);
};

/* Returns the command, or NULL if the chip does not know it. */
const struct nand_op *nand_op_find(uint8_t opcode);

#endif
