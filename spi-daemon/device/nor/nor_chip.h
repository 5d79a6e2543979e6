/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A JEDEC SPI NOR flash at its pins: bytes between the edges of chip select.
 * The commands are those of the Winbond W25Q family:
 *
 * - The chip ignores a command that it does not know, that comes while it is
 *   busy, that ends in its address, or that has too little or too much data.
 * The write enable latch (WEL) stays as it was.
 * - A program or erase of protected bytes clears WEL and changes nothing.
 * - Every size takes commands with 4-byte addresses. The SFDP offers them only
 *   on chips that need them.
 * - Quad commands ignore QE. WP# and HOLD# are not connected.
 * - A reset during an operation ends the busy time; the operation is complete.
 * - A read, program or erase that its image file refuses leaves an errno in
 *   nor_chip_error(). The read gives FFh; the write clears WEL, takes no time,
 *   and may have changed some of the bytes. The registers of these chips have
 *   no bit for it.
 * - The status registers are 0 when the chip is opened: the image file holds
 *   the contents alone.
 * - In memory that outlives the process (sim.h) are the registers, the time
 *   until which the chip is busy, and the contents of a chip without a file.
 *   The next chip that is opened with it goes on from there. A write that had
 *   begun is run once more, which changes nothing if it was complete. What was
 *   clocked in since the select edge is lost, as if there had been no edge. A
 *   state that no chip can have is taken for that of an unused chip.
 */
#ifndef NOR_CHIP_H
#define NOR_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/nor/nor_sfdp.h"
#include "spi-daemon/device/nor/nor_state.h"
#include "spi-daemon/device/store/chip_reader.h"
#include "spi-daemon/device/store/chip_store.h"
#include "spi-daemon/device/sim/byte_chip.h"
#include "spi-daemon/device/sim/sim.h"

struct nor_op;

struct nor_chip {
	struct byte_chip bytes;
	struct chip_store store;
	struct chip_reader reader; /* of ->store */
	uint8_t id[SIM_ID_MAX];
	size_t id_len;
	uint8_t sfdp[NOR_SFDP_SIZE];

	struct nor_state *state; /* at store.kept, or ->own_state */
	struct nor_state own_state;

	/* The command since the select edge. */
	bool begun;		 /* the opcode has come */
	const struct nor_op *op; /* NULL: ignore the rest */
	uint8_t addr_left;	 /* bytes to come */
	uint8_t dummy_left;
	uint32_t addr;
	uint64_t data; /* bytes of data so far */
	uint8_t page[NOR_PAGE_SIZE];

	int error; /* negative errno that nor_chip_error() will return; or 0 */
};

/* Opens @chip, which the caller owns. Memory and errors as sim_nor_open(). */
int nor_chip_open(struct nor_chip *chip, const struct sim_chip_config *config);

/* Unmaps the memory; what is in it stays as it is. */
void nor_chip_close(struct byte_chip *bytes);

/*
 * Announces that @count bytes will be clocked, so that the array can be read
 * ahead for all of them at once. Without it each byte is read on its own.
 */
void nor_chip_announce(struct byte_chip *bytes, uint32_t count);

/*
 * Clocks a byte in, and returns the byte that comes out, FFh if the chip does
 * not drive its output. The first byte after open or deselect is the opcode.
 */
uint8_t nor_chip_clock(struct byte_chip *bytes, uint8_t in);

/* Drops the current command, and ignores all bytes until deselect. */
void nor_chip_drop_command(struct byte_chip *bytes);

/* Runs the command, if it is complete. A second call does nothing. */
void nor_chip_deselect(struct byte_chip *bytes);

/*
 * Returns the error of a command that could not read or write the array since
 * the last call (see chip_store.h), or 0.
 */
int nor_chip_error(struct byte_chip *bytes);

#endif
