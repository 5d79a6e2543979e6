// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/store/chip_state.h"

#include <stdatomic.h>

#include "spi-daemon/system/clock.h"

/* Longer than any operation */
#define BUSY_MAX NS_PER_S

bool chip_state_is_valid(const struct chip_state *state, uint64_t stamp,
			 uint64_t size)
{
	return state->stamp == stamp && state->size == size &&
	       state->write_enabled <= 1 &&
	       state->busy_until_ns <= clock_now() + BUSY_MAX;
}

static void end_busy(struct chip_state *state)
{
	/* In this order: a chip that is ready has no WEL left. */
	state->write_enabled = 0;
	state->busy_until_ns = 0;
}

void chip_state_set_busy(struct chip_state *state, uint32_t us)
{
	if (us)
		state->busy_until_ns = clock_now() + us * NS_PER_US;
	else
		end_busy(state);
}

bool chip_state_is_busy(struct chip_state *state)
{
	if (state->busy_until_ns && clock_now() >= state->busy_until_ns)
		end_busy(state);
	return state->busy_until_ns != 0;
}

/*
 * A process that is killed has executed all instructions up to one, and none
 * behind it: only the compiler must not change the order.
 */
static void keep_order(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

void chip_state_begin(struct chip_state *state, uint8_t opcode, uint32_t addr,
		      uint64_t data)
{
	state->addr = addr;
	state->data = data;
	keep_order();
	state->opcode = opcode;
	keep_order();
}

void chip_state_end(struct chip_state *state)
{
	keep_order();
	state->opcode = 0;
	keep_order();
}
