/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A guest of a daemon talks to a simulated flash, each command in one request.
 * An error here fails the running cmocka test.
 */
#ifndef TEST_FLASH_RIG_H
#define TEST_FLASH_RIG_H

#include <stdint.h>

#include "tests/lib/daemon/rig.h"

/* Of the status register */
#define FLASH_WIP 1
#define FLASH_WEL 2

/* The two arguments of a command that consists of these bytes */
#define FLASH_BYTES(...)                  \
	(const uint8_t[]){ __VA_ARGS__ }, \
		sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Sends @tx, and returns the status; @rx is as long as @tx, or NULL. */
uint8_t flash_try(struct spi_front *front, const uint8_t *tx, uint32_t len,
		  uint8_t *rx);

/* Sends @tx, and checks that its status is TRANS_OK. */
void flash_send(struct spi_front *front, const uint8_t *tx, uint32_t len);

/*
 * Returns the last of @len bytes, at most 8, that come while @tx is sent. Reads
 * again what a crash has interrupted.
 */
uint8_t flash_read(struct spi_front *front, const uint8_t *tx, uint32_t len);

/* Returns the status register. */
uint8_t flash_status(struct spi_front *front);

/* Waits until the chip is ready. */
void flash_wait(struct spi_front *front);

/* Returns the byte at @offset in 256-byte page @page. */
uint8_t flash_byte(struct spi_front *front, uint8_t page, uint8_t offset);

/* Programs the first byte of page @page, and waits until that is done. */
void flash_program(struct spi_front *front, uint8_t page, uint8_t byte);

#endif
