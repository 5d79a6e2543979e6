/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A JEDEC SPI NOR flash at its pins: bytes between the edges of chip select.
 * The commands are those of the Winbond W25Q family, and are run as
 * memory_chip.h says:
 *
 * - A program or erase of protected bytes clears WEL and changes nothing.
 * - Every size takes commands with 4-byte addresses. The SFDP offers them only
 *   on chips that need them.
 * - Quad commands ignore QE. WP# and HOLD# are not connected.
 * - A reset during an operation ends the busy time; the operation is complete.
 * - A read, program or erase that its image file refuses leaves an errno in
 *   memory_chip_error(). The read gives FFh; the write clears WEL, takes no
 * time, and may have changed some of the bytes. The registers of these chips
 * have no bit for it.
 * - The status registers are 0 when the chip is opened: the image file holds
 *   the contents alone.
 */
#ifndef NOR_CHIP_H
#define NOR_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/nor/nor_sfdp.h"
#include "spi-daemon/device/nor/nor_state.h"
#include "spi-daemon/device/sim/sim.h"
#include "spi-daemon/device/store/memory_chip.h"

struct nor_chip {
	struct memory_chip memory;
	uint8_t id[SIM_ID_MAX];
	size_t id_len;
	uint8_t sfdp[NOR_SFDP_SIZE];
	struct nor_state own_state;
};

static inline struct nor_state *nor_state_of(const struct memory_chip *memory)
{
	return (struct nor_state *)(void *)memory->state;
}

/*
 * Opens @chip, which the caller owns until memory_chip_close(). Its operations
 * always take their time. Memory and errors as sim_nor_open().
 */
int nor_chip_open(struct nor_chip *chip, const struct sim_chip_config *config);

#endif
