/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A NOR flash chip at a link. Functions that return int return an enum
 * xfer_exit, after a line on stderr if it is not XFER_EXIT_DONE.
 */
#ifndef FLASH_CHIP_H
#define FLASH_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/xfer/flash/flash_sfdp.h"
#include "spi-daemon/xfer/link/xfer_link.h"

struct flash_chip {
	struct xfer_link *link;
	uint32_t chunk; /* bytes of the longest transfer */
	uint8_t id[3];
	struct flash_geometry geometry;
};

/* Identifies the chip. XFER_EXIT_CHIP: it is not known what it is. */
int flash_chip_open(struct flash_chip *chip, struct xfer_link *link,
		    uint32_t chunk);

/* Reads the status register. */
int flash_chip_status(struct flash_chip *chip, uint8_t *status);

/* Reads @len bytes, at most ->chunk. */
int flash_chip_read(struct flash_chip *chip, uint32_t addr, uint8_t *bytes,
		    uint32_t len);

/*
 * Each waits until the chip is ready. The bytes of a program are in one page.
 * XFER_EXIT_CHIP: the chip stays busy, or takes no write enable.
 */
int flash_chip_program(struct flash_chip *chip, uint32_t addr,
		       const uint8_t *bytes, uint32_t len);
int flash_chip_erase(struct flash_chip *chip, uint32_t addr,
		     const struct flash_erase *erase);

#endif
