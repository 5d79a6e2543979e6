// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_state.h"

#include "spi-daemon/device/nor/nor_protect.h"

/* "norstat", and the version of struct nor_state */
#define NOR_STATE_STAMP UINT64_C(0x6e6f727374617402)

bool nor_state_is_valid(const struct nor_state *state, uint64_t size)
{
	return chip_state_is_valid(&state->common, NOR_STATE_STAMP, size) &&
	       !(state->status1 & ~nor_status1_mask(size)) &&
	       !(state->status2 & ~NOR_STATUS2_MASK) &&
	       state->addr_4byte <= 1 && state->reset_enabled <= 1;
}

void nor_state_init(struct nor_state *state, uint64_t size)
{
	state->common.stamp = 0;
	*state = (struct nor_state){ .common.size = size };
	state->common.stamp = NOR_STATE_STAMP;
}

void nor_state_reset(struct nor_state *state)
{
	if (!state->reset_enabled)
		return;
	state->common.write_enabled = 0;
	state->addr_4byte = 0;
	state->common.busy_until_ns = 0;
	/* Last: until then 99h can be repeated. */
	state->reset_enabled = 0;
}
