/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a simulated NOR flash knows besides its contents. It can be in memory
 * that outlives the process, which may end between any two stores: so they are
 * atomic, and in an order in which each one leaves a state that a chip can
 * have.
 */
#ifndef NOR_STATE_H
#define NOR_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define NOR_PAGE_SIZE 256

struct nor_state {
	_Atomic uint64_t stamp; /* NOR_STATE_STAMP: the rest is valid */
	uint64_t size;		/* of the chip, bytes */

	_Atomic uint64_t busy_until_ns; /* CLOCK_MONOTONIC; 0: not busy (WIP) */
	_Atomic uint8_t status1;	/* without WEL and WIP */
	_Atomic uint8_t status2;
	_Atomic uint8_t write_enabled; /* 0 or 1: WEL */
	_Atomic uint8_t addr_4byte;    /* 0 or 1: the mode of B7h and E9h */
	_Atomic uint8_t reset_enabled; /* 0 or 1: 66h came last */

	/* The write that runs, to be run again if the process ends meanwhile */
	_Atomic uint8_t opcode; /* 0: none */
	uint32_t addr;
	uint64_t data; /* bytes of data */
	uint8_t page[NOR_PAGE_SIZE];
};

/*
 * Returns true if @state is one that a chip of @size bytes can have, but for
 * what the write that runs consists of.
 */
bool nor_state_is_valid(const struct nor_state *state, uint64_t size);

/* The state of a chip of @size bytes that was never used. */
void nor_state_init(struct nor_state *state, uint64_t size);

/* Returns true while an operation runs (WIP). WEL clears with WIP. */
bool nor_state_is_busy(struct nor_state *state);

/* What 99h does. */
void nor_state_reset(struct nor_state *state);

/*
 * Notes that a write runs: its opcode, address, count of bytes and data.
 * Between begin and end the chip changes its contents and its registers.
 */
void nor_state_begin(struct nor_state *state, uint8_t opcode, uint32_t addr,
		     uint64_t data, const uint8_t page[NOR_PAGE_SIZE]);
void nor_state_end(struct nor_state *state);

#endif
