// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_ops.h"

#include <stddef.h>

#include "spi-daemon/device/nor/nor_chip.h"
#include "spi-daemon/device/nor/nor_protect.h"

/* "norstat", and the version of struct nor_state */
#define NOR_STAMP    UINT64_C(0x6e6f727374617402)

#define KIB	     1024u

#define STATUS1_WIP  (1u << 0)
#define STATUS1_WEL  (1u << 1)
#define STATUS3_ADS  (1u << 0) /* in 4-byte mode */

#define OP_RESET     0x99
#define ADDR_BY_MODE 0xff /* 3 bytes, or 4 in that mode */
#define WHOLE_CHIP   UINT32_MAX

static const struct nor_chip *nor_of(const struct memory_chip *chip)
{
	return (const struct nor_chip *)(const void *)chip;
}

/* The bytes that the command in hand changes are aligned, around its address */
static uint32_t area_len(const struct memory_chip *chip)
{
	return chip->op->area == WHOLE_CHIP ? (uint32_t)chip->store.size
					    : chip->op->area;
}

static uint32_t area_start(const struct memory_chip *chip)
{
	return chip->addr & (chip->store.size - 1) & ~(area_len(chip) - 1);
}

static uint8_t out_id(struct memory_chip *chip)
{
	const struct nor_chip *nor = nor_of(chip);

	return nor->id[chip->data % nor->id_len];
}

/* ABh reads the old, short id. (It also ends power-down, which is missing.) */
static uint8_t out_short_id(struct memory_chip *chip)
{
	return nor_of(chip)->id[2] - 1;
}

static uint8_t out_status1(struct memory_chip *chip)
{
	struct nor_state *state = nor_state_of(chip);
	uint8_t wip = chip_state_is_busy(&state->common) ? STATUS1_WIP : 0;
	uint8_t wel = state->common.write_enabled ? STATUS1_WEL : 0;

	return state->status1 | wip | wel;
}

static uint8_t out_status2(struct memory_chip *chip)
{
	return nor_state_of(chip)->status2;
}

static uint8_t out_status3(struct memory_chip *chip)
{
	return nor_state_of(chip)->addr_4byte ? STATUS3_ADS : 0;
}

static uint8_t out_sfdp(struct memory_chip *chip)
{
	uint64_t at = chip->addr + chip->data;

	return at < NOR_SFDP_SIZE ? nor_of(chip)->sfdp[at] : 0xff;
}

static void write_status2(struct memory_chip *chip)
{
	/* Without an address, data starts at page[0]. */
	nor_state_of(chip)->status2 = chip->page[chip->data - 1] &
				      NOR_STATUS2_MASK;
}

static void write_status(struct memory_chip *chip)
{
	nor_state_of(chip)->status1 = chip->page[0] &
				      nor_status1_mask(chip->store.size);
	if (chip->data == 2)
		write_status2(chip);
}

static void program(struct memory_chip *chip)
{
	chip->error = chip_store_program(&chip->store, area_start(chip),
					 chip->page, NOR_PAGE_SIZE);
}

static void erase(struct memory_chip *chip)
{
	chip->error = chip_store_erase(&chip->store, area_start(chip),
				       area_len(chip));
}

static void enter_4byte(struct memory_chip *chip)
{
	nor_state_of(chip)->addr_4byte = true;
}

static void leave_4byte(struct memory_chip *chip)
{
	nor_state_of(chip)->addr_4byte = false;
}

static void enable_reset(struct memory_chip *chip)
{
	nor_state_of(chip)->reset_enabled = true;
}

static void reset(struct memory_chip *chip)
{
	struct nor_state *state = nor_state_of(chip);

	if (!state->reset_enabled)
		return;
	state->common.write_enabled = 0;
	state->addr_4byte = 0;
	state->common.busy_until_ns = 0;
	/* Last: until then 99h can be repeated. */
	state->reset_enabled = 0;
}

#define ANSWER(op_, addr_, dummy_, out_)                                   \
	{                                                                  \
		.opcode = op_, .addr = addr_, .dummy = dummy_, .out = out_ \
	}
#define STATUS(op_, out_)                                      \
	{                                                      \
		.opcode = op_, .while_busy = true, .out = out_ \
	}
#define SWITCH(op_, run_)                  \
	{                                  \
		.opcode = op_, .run = run_ \
	}
#define RESET(op_, run_)                                       \
	{                                                      \
		.opcode = op_, .while_busy = true, .run = run_ \
	}
#define REGISTER(op_, max_, run_)                                             \
	{                                                                     \
		.opcode = op_, .needs_wel = true, .in = memory_take,          \
		.run = run_, .data_min = 1, .data_max = max_, .busy_us = 1000 \
	}
#define PROGRAM(op_, addr_)                                       \
	{                                                         \
		.opcode = op_, .addr = addr_, .needs_wel = true,  \
		.in = memory_take, .run = program, .data_min = 1, \
		.data_max = MEMORY_NO_LIMIT, .busy_us = 400,      \
		.area = NOR_PAGE_SIZE                             \
	}
#define ERASE(op_, addr_, area_, us_)                                          \
	{                                                                      \
		.opcode = op_, .addr = addr_, .needs_wel = true, .run = erase, \
		.busy_us = us_, .area = area_                                  \
	}

static const struct memory_op nor_ops[] = {
	STATUS(0x05, out_status1),
	STATUS(0x35, out_status2),
	STATUS(0x15, out_status3),
	ANSWER(0x9f, 0, 0, out_id),
	ANSWER(0xab, 0, 3, out_short_id),
	ANSWER(0x5a, 3, 1, out_sfdp),
	ANSWER(0x03, ADDR_BY_MODE, 0, memory_out_contents),
	ANSWER(0x0b, ADDR_BY_MODE, 1, memory_out_contents),
	ANSWER(0x3b, ADDR_BY_MODE, 1, memory_out_contents),
	ANSWER(0x6b, ADDR_BY_MODE, 1, memory_out_contents),
	ANSWER(0x13, 4, 0, memory_out_contents),
	ANSWER(0x0c, 4, 1, memory_out_contents),
	ANSWER(0x3c, 4, 1, memory_out_contents),
	ANSWER(0x6c, 4, 1, memory_out_contents),
	SWITCH(0x06, memory_write_enable),
	SWITCH(0x04, memory_write_disable),
	SWITCH(0xb7, enter_4byte),
	SWITCH(0xe9, leave_4byte),
	REGISTER(0x01, 2, write_status),
	REGISTER(0x31, 1, write_status2),
	PROGRAM(0x02, ADDR_BY_MODE),
	PROGRAM(0x32, ADDR_BY_MODE),
	PROGRAM(0x12, 4),
	PROGRAM(0x34, 4),
	ERASE(0x20, ADDR_BY_MODE, 4 * KIB, 5000),
	ERASE(0x52, ADDR_BY_MODE, 32 * KIB, 10000),
	ERASE(0xd8, ADDR_BY_MODE, 64 * KIB, 15000),
	ERASE(0x21, 4, 4 * KIB, 5000),
	ERASE(0x5c, 4, 32 * KIB, 10000),
	ERASE(0xdc, 4, 64 * KIB, 15000),
	ERASE(0xc7, 0, WHOLE_CHIP, 50000),
	ERASE(0x60, 0, WHOLE_CHIP, 50000),
	RESET(0x66, enable_reset),
	RESET(OP_RESET, reset),
};

static const struct memory_op *begin(struct memory_chip *chip, uint8_t opcode,
				     const struct memory_op *op)
{
	struct nor_state *state = nor_state_of(chip);

	if (opcode != OP_RESET)
		state->reset_enabled = false;
	if (op && op->addr == ADDR_BY_MODE)
		chip->addr_left = state->addr_4byte ? 4 : 3;
	return op;
}

/* Such a program or erase clears WEL. */
static bool is_locked(struct memory_chip *chip)
{
	const struct nor_state *state = nor_state_of(chip);
	bool locked = chip->op->area &&
		      nor_protected(chip->store.size, state->status1,
				    state->status2, area_start(chip),
				    area_len(chip));

	if (locked)
		memory_write_disable(chip);
	return locked;
}

static bool is_valid(const struct memory_chip *chip)
{
	const struct nor_state *state = nor_state_of(chip);

	return !(state->status1 & ~nor_status1_mask(chip->store.size)) &&
	       !(state->status2 & ~NOR_STATUS2_MASK) &&
	       state->addr_4byte <= 1 && state->reset_enabled <= 1;
}

const struct memory_kind nor_kind = {
	.stamp = NOR_STAMP,
	.state_size = sizeof(struct nor_state),
	.page_at = offsetof(struct nor_state, page),
	.ops = nor_ops,
	.op_count = sizeof(nor_ops) / sizeof(*nor_ops),
	.begin = begin,
	.is_locked = is_locked,
	.is_valid = is_valid,
};
