// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_state.h"

#include <stdatomic.h>
#include <string.h>

#include "spi-daemon/device/nor/nor_protect.h"
#include "spi-daemon/system/clock.h"

/* "norstat", and the version of struct nor_state */
#define NOR_STATE_STAMP UINT64_C(0x6e6f727374617401)

/* Longer than any operation */
#define BUSY_MAX NS_PER_S

bool nor_state_is_valid(const struct nor_state *state, uint64_t size)
{
	return state->stamp == NOR_STATE_STAMP && state->size == size &&
	       !(state->status1 & ~nor_status1_mask(size)) &&
	       !(state->status2 & ~NOR_STATUS2_MASK) &&
	       state->write_enabled <= 1 && state->addr_4byte <= 1 &&
	       state->reset_enabled <= 1 &&
	       state->busy_until_ns <= clock_now() + BUSY_MAX;
}

void nor_state_init(struct nor_state *state, uint64_t size)
{
	state->stamp = 0;
	*state = (struct nor_state){ .size = size };
	state->stamp = NOR_STATE_STAMP;
}

bool nor_state_is_busy(struct nor_state *state)
{
	if (state->busy_until_ns && clock_now() >= state->busy_until_ns) {
		/* In this order: a chip that is ready has no WEL left. */
		state->write_enabled = 0;
		state->busy_until_ns = 0;
	}
	return state->busy_until_ns != 0;
}

void nor_state_reset(struct nor_state *state)
{
	if (!state->reset_enabled)
		return;
	state->write_enabled = 0;
	state->addr_4byte = 0;
	state->busy_until_ns = 0;
	/* Last: until then 99h can be repeated. */
	state->reset_enabled = 0;
}

/*
 * A process that is killed has executed all instructions up to one, and none
 * behind it: only the compiler must not change the order.
 */
static void keep_order(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

void nor_state_begin(struct nor_state *state, uint8_t opcode, uint32_t addr,
		     uint64_t data, const uint8_t page[NOR_PAGE_SIZE])
{
	state->addr = addr;
	state->data = data;
	memcpy(state->page, page, NOR_PAGE_SIZE);
	keep_order();
	state->opcode = opcode;
	keep_order();
}

void nor_state_end(struct nor_state *state)
{
	keep_order();
	state->opcode = 0;
	keep_order();
}
