/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A chip of registers at its pins: bytes between the edges of chip select. What
 * it does is in its map: see docs/register-maps.md.
 *
 * - A value is latched when its first byte goes out, and written when its last
 *   byte has come. A value that deselect cuts is not written.
 * - A register that the map does not have reads as 0; writes to it are dropped.
 * - The values are in memory that outlives the process (sim.h). They are lost
 *   when the map is another one.
 */
#ifndef REGS_CHIP_H
#define REGS_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/regs/regs_map.h"
#include "spi-daemon/device/sim/byte_chip.h"

struct regs_state {
	_Atomic uint64_t stamp; /* of the map; the values are valid */
	_Atomic uint32_t values[REGS_COUNT_MAX];
};

struct regs_chip {
	struct byte_chip bytes;
	struct regs_map map;
	struct regs_state *state; /* at ->memory, or ->own_state */
	struct regs_state own_state;
	void *memory; /* that outlives the process; or NULL */

	/* The message since the select edge. */
	bool ignores;	      /* until deselect */
	uint8_t command_seen; /* bytes of the command that have come */
	uint32_t command;
	bool writes;
	bool increments;
	uint8_t dummy_left; /* bytes to come */
	uint32_t addr;
	uint8_t byte;	/* of the value, which comes next */
	uint32_t value; /* that goes out, or what has come of it */
};

/*
 * Opens @chip, which the caller owns, with the map in @file. @memory is
 * REGS_MEMORY_SIZE bytes, which the chip unmaps, as sim.h describes them; or
 * NULL.
 * Returns 0; or what regs_map_load() gives, with @error. Then @memory is the
 * caller's.
 */
#define REGS_MEMORY_SIZE (64 * 1024u)
int regs_chip_open(struct regs_chip *chip, const char *file, void *memory,
		   char *error, size_t error_size);

/* Unmaps the memory; what is in it stays as it is. */
void regs_chip_close(struct byte_chip *bytes);

/*
 * Clocks a byte in, and returns the byte that comes out, FFh if the chip does
 * not drive its output. The first byte after open or deselect is the command's.
 */
uint8_t regs_chip_clock(struct byte_chip *bytes, uint8_t in);

/* Drops the message, and ignores all bytes until deselect. */
void regs_chip_drop_command(struct byte_chip *bytes);

void regs_chip_deselect(struct byte_chip *bytes);

#endif
