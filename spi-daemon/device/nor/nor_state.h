/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The registers of a simulated NOR flash, and its page buffer. */
#ifndef NOR_STATE_H
#define NOR_STATE_H

#include <stdint.h>

#include "spi-daemon/device/store/chip_state.h"

#define NOR_PAGE_SIZE 256

struct nor_state {
	struct chip_state common;
	_Atomic uint8_t status1; /* without WEL and WIP */
	_Atomic uint8_t status2;
	_Atomic uint8_t addr_4byte;    /* 0 or 1: the mode of B7h and E9h */
	_Atomic uint8_t reset_enabled; /* 0 or 1: 66h came last */
	uint8_t page[NOR_PAGE_SIZE];   /* data of the operation that runs */
};

#endif
