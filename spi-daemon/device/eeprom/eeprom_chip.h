/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A serial EEPROM of the 25 series at its pins: bytes between the edges of chip
 * select. It behaves as Microchip's 25LC and ST's M95 do, and runs commands as
 * memory_chip.h says:
 *
 * - Addresses have one byte up to 512 bytes, two up to 64 KiB, else three. In a
 *   chip of 512 bytes bit 3 of READ and WRITE is the ninth address bit. Address
 *   bits that a chip does not need are ignored.
 * - A read goes on at the start behind the last byte. The data of a write wrap
 *   at the end of their page: the last bytes count.
 * - A write of a protected page is ignored, and WEL stays as it was.
 * - The W and HOLD pins are not connected: SRWD can be written and does
 * nothing.
 * - A write that its image file refuses leaves an errno in memory_chip_error(),
 *   clears WEL and takes no time; it may have changed some of the bytes. A read
 *   that it refuses gives FFh, and leaves one, too.
 * - BP1, BP0 and SRWD are 0 when the chip is opened: the image file holds the
 *   contents alone.
 */
#ifndef EEPROM_CHIP_H
#define EEPROM_CHIP_H

#include <stdint.h>

#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/store/memory_chip.h"

struct eeprom_state {
	struct chip_state common;
	_Atomic uint8_t status;		   /* BP0, BP1 and SRWD */
	uint8_t page[SIM_EEPROM_PAGE_MAX]; /* data of the write that runs */
};

struct eeprom_chip {
	struct memory_chip memory;
	struct eeprom_state own_state;
};

static inline struct eeprom_state *
eeprom_state_of(const struct memory_chip *memory)
{
	return (struct eeprom_state *)(void *)memory->state;
}

/*
 * Opens @chip, which the caller owns until memory_chip_close(). A write takes
 * its time with SIM_TIMING_REAL only. Memory and errors as sim_eeprom_open().
 */
int eeprom_chip_open(struct eeprom_chip *chip,
		     const struct sim_chip_config *config,
		     enum sim_timing timing);

#endif
