/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A SPI NAND flash at its pins: bytes between the edges of chip select. It
 * behaves as Winbond's W25N01GV and W25N512GW do: blocks of 64 pages, pages of
 * 2048 bytes with a spare area of 64. Commands are run as memory_chip.h says.
 *
 * - Page read, program and erase clear WEL.
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
 *   command that the file refuses leaves an errno in memory_chip_error(), and
 * sets P-FAIL, E-FAIL or ECC 10.
 */
#ifndef NAND_CHIP_H
#define NAND_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/device/nand/nand_ecc.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/store/memory_chip.h"

#define NAND_BLOCK_PAGES 64
#define NAND_BLOCKS_MAX	 1024

struct nand_state {
	struct chip_state common;
	_Atomic uint8_t protection;    /* register A0h */
	_Atomic uint8_t configuration; /* register B0h */
	_Atomic uint8_t status;	       /* register C0h, without WEL and OIP */
	uint8_t cache[NAND_PAGE_SIZE];
};

struct nand_chip {
	struct memory_chip memory;
	uint32_t pages;
	uint8_t id[SIM_ID_MAX];
	size_t id_len;
	bool locked;			  /* at first */
	uint8_t bad[NAND_BLOCKS_MAX / 8]; /* bit n % 8 of byte n / 8: block n */
	struct nand_state own_state;
};

static inline struct nand_state *nand_state_of(const struct memory_chip *memory)
{
	return (struct nand_state *)(void *)memory->state;
}

/* Returns the bytes of data and spare areas of a chip with @size of data. */
size_t nand_chip_contents(uint64_t size);

/*
 * Opens @chip, which the caller owns until memory_chip_close(). Its size is a
 * power of two, from 1 MiB to SIM_NAND_SIZE_MAX. Operations take their time
 * with SIM_TIMING_REAL only. Memory and errors as sim_nand_open().
 */
int nand_chip_open(struct nand_chip *chip, const struct sim_chip_config *config,
		   enum sim_timing timing);

#endif
