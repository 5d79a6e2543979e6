/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Simulated memory chips at their pins, for the tests of each kind */
#ifndef MEMORY_PINS_H
#define MEMORY_PINS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/store/memory_chip.h"
#include "tests/lib/test.h"

/*
 * One command: @tx in, then @rx_len bytes out. @memory begins with a struct
 * memory_chip.
 */
static inline void command(void *memory, const uint8_t *tx, size_t tx_len,
			   uint8_t *rx, size_t rx_len)
{
	struct memory_chip *chip = memory;

	while (tx_len--)
		memory_chip_clock(&chip->bytes, *tx++);
	while (rx_len--)
		*rx++ = memory_chip_clock(&chip->bytes, 0);
	memory_chip_deselect(&chip->bytes);
}

#define BYTES(...)                        \
	(const uint8_t[]){ __VA_ARGS__ }, \
		sizeof((const uint8_t[]){ __VA_ARGS__ })

#define SEND(chip, ...)		   command(chip, BYTES(__VA_ARGS__), NULL, 0)
#define ASK(chip, rx, rx_len, ...) command(chip, BYTES(__VA_ARGS__), rx, rx_len)

/* What another process finds: the state as it is, and nothing selected */
static inline void lose_process(struct memory_chip *chip)
{
	memory_chip_drop(&chip->bytes);
	memory_chip_close(&chip->bytes);
}

#endif
