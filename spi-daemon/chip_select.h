/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Chip-select framing: which of a guest's requests make up one SPI message,
 * so between which of them the chip stays selected.
 */
#ifndef CHIP_SELECT_H
#define CHIP_SELECT_H

/* How a guest's requests are to be read: cs= on the command line. */
enum cs_framing {
	CS_LINUX,    /* rx-only joins the tx-only before it */
	CS_NOR,	     /* the opcode tells, for SPI NOR flash */
	CS_NAND,     /* the opcode tells, for SPI NAND flash */
	CS_SPEC,     /* cs_change to the letter of 5.21.6.1 */
	CS_TRANSFER, /* cs_change as spidev takes it */
};

#endif
