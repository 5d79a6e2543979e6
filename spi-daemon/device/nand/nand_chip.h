/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A SPI NAND flash at its pins: bytes between the edges of chip select. It
 * behaves as Winbond's W25N01GV and W25N512GW do: blocks of 64 pages, pages of
 * 2048 bytes with a spare area of 64.
 *
 * - The chip ignores a command that it does not know, that comes while it is
 *   busy, that ends in its address, or that has too little data; a program or
 *   erase, too, if WEL is clear. Page read, program and erase clear WEL.
 * - A program or erase of a page that is locked or bad changes nothing, and
 * sets P-FAIL or E-FAIL.
 * - With ECC-E, which is set at first, a program stores the parity of what is
 * in the cache, and a page read corrects it (nand_ecc.h). The status register
 *   tells the result: 00 no error, 01 corrected, 10 not correctable.
 * - A bad block reads as zeros, as if its maker had marked it so.
 * - Reads from the cache end with it: FFh follows (BUF is always 1).
 * - With OTP-E page reads give FFh, and programs fail: the chip has no OTP area
 *   and no parameter page.
 * - SRP0 and WP-E can be written and do nothing.
 * - At first all blocks are locked, unless the configuration says otherwise,
 *   and page 0 is in the cache.
 * - An image file has each page's data, and behind it the page's spare area. A
 *   command that the file refuses leaves an errno in nand_chip_error(), and
 * sets P-FAIL, E-FAIL or ECC 10.
 * - The registers and the cache are kept, as the contents of a chip without a
 *   file and the operation that runs, in memory that outlives the process
 *   (sim.h).
 */
#ifndef NAND_CHIP_H
#define NAND_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/nand/nand_ecc.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/store/chip_state.h"
#include "spi-daemon/device/store/chip_store.h"

#define NAND_BLOCK_PAGES 64
#define NAND_BLOCKS_MAX	 1024

struct nand_state {
	struct chip_state common;
	_Atomic uint8_t protection;    /* register A0h */
	_Atomic uint8_t configuration; /* register B0h */
	_Atomic uint8_t status;	       /* register C0h, without WEL and OIP */
	uint8_t cache[NAND_PAGE_SIZE];
};

struct nand_op;

struct nand_chip {
	struct byte_chip bytes;
	struct chip_store store;
	uint32_t pages;
	uint8_t id[SIM_ID_MAX];
	size_t id_len;
	bool takes_time;		  /* an operation does */
	bool locked;			  /* at first */
	uint8_t bad[NAND_BLOCKS_MAX / 8]; /* bit n % 8 of byte n / 8: block n */

	struct nand_state *state; /* at store.kept, or ->own_state */
	struct nand_state own_state;

	/* The command since the select edge. */
	bool begun;		  /* the opcode has come */
	const struct nand_op *op; /* NULL: ignore the rest */
	uint8_t addr_left;	  /* bytes to come */
	uint8_t dummy_left;
	uint32_t addr; /* of a page, a byte of the cache, or a register */
	uint64_t data; /* bytes of data so far */
	uint8_t value; /* the last one that came */

	int error; /* negative errno that nand_chip_error() returns; or 0 */
};

/* Returns the bytes of data and spare areas of a chip with @size of data. */
size_t nand_chip_contents(uint64_t size);

/*
 * Opens @chip, which the caller owns. Its size is a power of two, from 1 MiB to
 * SIM_NAND_SIZE_MAX. Operations take their time with SIM_TIMING_REAL only.
 * Memory and errors as sim_nand_open().
 */
int nand_chip_open(struct nand_chip *chip, const struct sim_chip_config *config,
		   enum sim_timing timing);

/* Unmaps the memory; what is in it stays as it is. */
void nand_chip_close(struct byte_chip *bytes);

/*
 * Clocks a byte in, and returns the byte that comes out, FFh if the chip does
 * not drive its output. The first byte after open or deselect is the opcode.
 */
uint8_t nand_chip_clock(struct byte_chip *bytes, uint8_t in);

/* Drops the current command, and ignores all bytes until deselect. */
void nand_chip_drop_command(struct byte_chip *bytes);

/* Runs the command, if it is complete. A second call does nothing. */
void nand_chip_deselect(struct byte_chip *bytes);

/*
 * Returns the error of a command that could not read or write the contents
 * since the last call (see chip_store.h), or 0.
 */
int nand_chip_error(struct byte_chip *bytes);

#endif
