/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Changes what is in a flash chip. */
#ifndef FLASH_WRITE_H
#define FLASH_WRITE_H

#include <stdint.h>

#include "spi-daemon/xfer/flash/flash_chip.h"

/*
 * Makes @len bytes from @addr those of @bytes, and keeps all others: erases
 * what has to be, writes back the rest of an erased block, and leaves alone
 * what is right already. The range is in the chip. Returns an enum xfer_exit.
 */
int flash_write(struct flash_chip *chip, uint64_t addr, const uint8_t *bytes,
		uint64_t len);

/*
 * Erases a range whose ends are multiples of the smallest block. Returns an
 * enum xfer_exit.
 */
int flash_erase(struct flash_chip *chip, uint64_t addr, uint64_t len);

/* Reads any number of bytes. Returns an enum xfer_exit. */
int flash_read(struct flash_chip *chip, uint64_t addr, uint8_t *bytes,
	       uint64_t len);

#endif
