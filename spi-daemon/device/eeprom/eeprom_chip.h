/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A serial EEPROM of the 25 series at its pins: bytes between the edges of chip
 * select. It behaves as Microchip's 25LC and ST's M95 do:
 *
 * - Addresses have one byte up to 512 bytes, two up to 64 KiB, else three. In a
 *   chip of 512 bytes bit 3 of READ and WRITE is the ninth address bit. Address
 *   bits that a chip does not need are ignored.
 * - A read goes on at the start behind the last byte. The data of a write wrap
 *   at the end of their page: the last bytes count.
 * - The chip ignores a command that it does not know, that comes while it is
 *   busy, that ends in its address, or that has too little or too much data; a
 *   write, too, if WEL is clear or its page is protected. WEL stays as it was.
 * - The W and HOLD pins are not connected: SRWD can be written and does
 * nothing.
 * - A write that its image file refuses leaves an errno in eeprom_chip_error(),
 *   clears WEL and takes no time; it may have changed some of the bytes. A read
 *   that it refuses gives FFh, and leaves one, too.
 * - BP1, BP0 and SRWD are 0 when the chip is opened: the image file holds the
 *   contents alone. They are kept, as the contents of a chip without a file and
 *   a write that runs, in memory that outlives the process (sim.h).
 */
#ifndef EEPROM_CHIP_H
#define EEPROM_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/store/chip_reader.h"
#include "spi-daemon/device/store/chip_state.h"
#include "spi-daemon/device/store/chip_store.h"

struct eeprom_state {
	struct chip_state common;
	_Atomic uint8_t status;		   /* BP0, BP1 and SRWD */
	uint8_t page[SIM_EEPROM_PAGE_MAX]; /* data of the write that runs */
};

struct eeprom_op;

struct eeprom_chip {
	struct byte_chip bytes;
	struct chip_store store;
	struct chip_reader reader; /* of ->store */
	uint32_t page_size;
	bool takes_time; /* a write does */

	struct eeprom_state *state; /* at store.kept, or ->own_state */
	struct eeprom_state own_state;

	/* The command since the select edge. */
	bool begun;		    /* the opcode has come */
	const struct eeprom_op *op; /* NULL: ignore the rest */
	uint8_t addr_left;	    /* bytes to come */
	uint32_t addr;
	uint64_t data; /* bytes of data so far */
	uint8_t page[SIM_EEPROM_PAGE_MAX];

	int error; /* negative errno that eeprom_chip_error() returns; or 0 */
};

/*
 * Opens @chip, which the caller owns. A write takes its time with
 * SIM_TIMING_REAL only. Memory and errors as sim_eeprom_open().
 */
int eeprom_chip_open(struct eeprom_chip *chip,
		     const struct sim_chip_config *config,
		     enum sim_timing timing);

/* Unmaps the memory; what is in it stays as it is. */
void eeprom_chip_close(struct byte_chip *bytes);

/* Announces bytes to clock, as chip_reader_announce(). */
void eeprom_chip_announce(struct byte_chip *bytes, uint32_t count);

/*
 * Clocks a byte in, and returns the byte that comes out, FFh if the chip does
 * not drive its output. The first byte after open or deselect is the opcode.
 */
uint8_t eeprom_chip_clock(struct byte_chip *bytes, uint8_t in);

/* Drops the current command, and ignores all bytes until deselect. */
void eeprom_chip_drop_command(struct byte_chip *bytes);

/* Runs the command, if it is complete. A second call does nothing. */
void eeprom_chip_deselect(struct byte_chip *bytes);

/*
 * Returns the error of a command that could not read or write the contents
 * since the last call (see chip_store.h), or 0.
 */
int eeprom_chip_error(struct byte_chip *bytes);

#endif
