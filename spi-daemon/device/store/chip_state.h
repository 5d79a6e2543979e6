/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What each simulated memory chip knows besides its contents: whether it is
 * busy, whether it may be written, and the operation that runs. It can be in
 * memory that outlives the process, which may end between any two stores: so
 * they are atomic, and in an order in which each one leaves a state that a chip
 * can have. A chip puts it first in a struct with its own registers.
 */
#ifndef CHIP_STATE_H
#define CHIP_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct chip_state {
	_Atomic uint64_t stamp; /* kind of chip and version of its struct */
	uint64_t size;		/* of the chip, bytes */

	_Atomic uint64_t busy_until_ns; /* CLOCK_MONOTONIC; 0: not busy */
	_Atomic uint8_t write_enabled;	/* 0 or 1: WEL */

	/* The operation that runs, to be run again if the process ends */
	_Atomic uint8_t opcode; /* 0: none */
	uint32_t addr;
	uint64_t data; /* bytes of data, which the chip keeps itself */
};

/*
 * Returns true if @state is one that a chip with this @stamp and of @size bytes
 * can have, but for what the operation that runs consists of.
 */
bool chip_state_is_valid(const struct chip_state *state, uint64_t stamp,
			 uint64_t size);

/* The operation that ran takes @us microseconds from now; then WEL is clear. */
void chip_state_set_busy(struct chip_state *state, uint32_t us);

/* Returns true while an operation takes its time. WEL clears at its end. */
bool chip_state_is_busy(struct chip_state *state);

/*
 * Notes that an operation runs. Between begin and end the chip changes its
 * contents and its registers. What @data counts is stored before begin.
 */
void chip_state_begin(struct chip_state *state, uint8_t opcode, uint32_t addr,
		      uint64_t data);
void chip_state_end(struct chip_state *state);

#endif
