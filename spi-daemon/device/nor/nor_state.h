/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The registers of a simulated NOR flash, and its page buffer. */
#ifndef NOR_STATE_H
#define NOR_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/store/chip_state.h"

#define NOR_PAGE_SIZE 256

struct nor_state {
	struct chip_state common;
	_Atomic uint8_t status1; /* without WEL and WIP */
	_Atomic uint8_t status2;
	_Atomic uint8_t addr_4byte;    /* 0 or 1: the mode of B7h and E9h */
	_Atomic uint8_t reset_enabled; /* 0 or 1: 66h came last */
	uint8_t page[NOR_PAGE_SIZE];   /* data of the write that runs */
};

/*
 * Returns true if @state is one that a chip of @size bytes can have, but for
 * what the write that runs consists of.
 */
bool nor_state_is_valid(const struct nor_state *state, uint64_t size);

/* The state of a chip of @size bytes that was never used. */
void nor_state_init(struct nor_state *state, uint64_t size);

/* What 99h does. */
void nor_state_reset(struct nor_state *state);

#endif
