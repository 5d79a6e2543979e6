/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The commands of the simulated NOR flash: what each one takes and does. */
#ifndef NOR_OPS_H
#define NOR_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/nor/nor_chip.h"

/* What the host reads while the chip does not drive its output */
#define NOR_FLOATING	 0xff

#define NOR_OP_RESET	 0x99
#define NOR_ADDR_BY_MODE 0xff

/* A command. */
struct nor_op {
	uint8_t opcode;
	uint8_t addr;  /* address bytes; NOR_ADDR_BY_MODE: 3, or 4 in that mode
			*/
	uint8_t dummy; /* bytes between address and data */
	bool while_busy; /* allowed while the chip is busy */
	/* Returns the next byte of data; NULL: the command has none. */
	uint8_t (*out)(struct nor_chip *chip);
	/* Runs the command, at the deselect edge; NULL: nothing to do. */
	void (*run)(struct nor_chip *chip);
	uint64_t data_min; /* bytes that run() takes */
	uint64_t data_max;
	uint32_t busy_us; /* 0: needs no WEL and takes no time */
	uint32_t area;	  /* bytes that change; 0: none that are protected */
};

/* Returns the command, or NULL if the chip does not know it. */
const struct nor_op *nor_op_find(uint8_t opcode);

/*
 * Which bytes of the array the current command changes: ->area of them,
 * aligned, around its address. For commands with an area.
 */
uint32_t nor_op_area_start(const struct nor_chip *chip);
uint32_t nor_op_area_len(const struct nor_chip *chip);

#endif
