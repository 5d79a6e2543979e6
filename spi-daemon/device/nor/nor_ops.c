// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_ops.h"

#include <assert.h>

#include "spi-daemon/device/nor/nor_protect.h"

#define KIB	    1024u

#define STATUS1_WIP (1u << 0)
#define STATUS1_WEL (1u << 1)
#define STATUS3_ADS (1u << 0) /* in 4-byte mode */

#define WHOLE_CHIP  UINT32_MAX
#define NO_LIMIT    UINT64_MAX

uint32_t nor_op_area_len(const struct nor_chip *chip)
{
	return chip->op->area == WHOLE_CHIP ? (uint32_t)chip->store.size
					    : chip->op->area;
}

uint32_t nor_op_area_start(const struct nor_chip *chip)
{
	return chip->addr & (chip->store.size - 1) &
	       ~(nor_op_area_len(chip) - 1);
}

static uint8_t out_id(struct nor_chip *chip)
{
	return chip->id[chip->data % chip->id_len];
}

/* ABh reads the old, short id. (It also ends power-down, which is missing.) */
static uint8_t out_short_id(struct nor_chip *chip)
{
	return chip->id[2] - 1;
}

static uint8_t out_status1(struct nor_chip *chip)
{
	struct nor_state *state = chip->state;
	uint8_t wip = chip_state_is_busy(&state->common) ? STATUS1_WIP : 0;
	uint8_t wel = state->common.write_enabled ? STATUS1_WEL : 0;

	return state->status1 | wip | wel;
}

static uint8_t out_status2(struct nor_chip *chip)
{
	return chip->state->status2;
}

static uint8_t out_status3(struct nor_chip *chip)
{
	return chip->state->addr_4byte ? STATUS3_ADS : 0;
}

static uint8_t out_sfdp(struct nor_chip *chip)
{
	uint64_t at = chip->addr + chip->data;

	return at < NOR_SFDP_SIZE ? chip->sfdp[at] : 0xff;
}

static uint8_t out_array(struct nor_chip *chip)
{
	uint32_t at = (uint32_t)(chip->addr + chip->data) &
		      (uint32_t)(chip->store.size - 1);
	uint8_t byte = NOR_FLOATING;

	if (!chip->error)
		chip->error = chip_reader_byte(&chip->reader, at, &byte);
	return byte;
}

static void write_enable(struct nor_chip *chip)
{
	chip->state->common.write_enabled = true;
}

static void write_disable(struct nor_chip *chip)
{
	chip->state->common.write_enabled = false;
}

static void write_status2(struct nor_chip *chip)
{
	/* Without an address, data starts at page[0]. */
	chip->state->status2 = chip->page[chip->data - 1] & NOR_STATUS2_MASK;
}

static void write_status(struct nor_chip *chip)
{
	chip->state->status1 = chip->page[0] &
			       nor_status1_mask(chip->store.size);
	if (chip->data == 2)
		write_status2(chip);
}

static void program(struct nor_chip *chip)
{
	chip->error = chip_store_program(&chip->store, nor_op_area_start(chip),
					 chip->page, NOR_PAGE_SIZE);
}

static void erase(struct nor_chip *chip)
{
	chip->error = chip_store_erase(&chip->store, nor_op_area_start(chip),
				       nor_op_area_len(chip));
}

static void enter_4byte(struct nor_chip *chip)
{
	chip->state->addr_4byte = true;
}

static void leave_4byte(struct nor_chip *chip)
{
	chip->state->addr_4byte = false;
}

static void enable_reset(struct nor_chip *chip)
{
	chip->state->reset_enabled = true;
}

static void reset(struct nor_chip *chip)
{
	nor_state_reset(chip->state);
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
#define REGISTER(op_, max_, run_)                                            \
	{                                                                    \
		.opcode = op_, .run = run_, .data_min = 1, .data_max = max_, \
		.busy_us = 1000                                              \
	}
#define PROGRAM(op_, addr_)                                                  \
	{                                                                    \
		.opcode = op_, .addr = addr_, .run = program, .data_min = 1, \
		.data_max = NO_LIMIT, .busy_us = 400, .area = NOR_PAGE_SIZE  \
	}
#define ERASE(op_, addr_, area_, us_)                                       \
	{                                                                   \
		.opcode = op_, .addr = addr_, .run = erase, .busy_us = us_, \
		.area = area_                                               \
	}

static const struct nor_op nor_ops[] = {
	STATUS(0x05, out_status1),
	STATUS(0x35, out_status2),
	STATUS(0x15, out_status3),
	ANSWER(0x9f, 0, 0, out_id),
	ANSWER(0xab, 0, 3, out_short_id),
	ANSWER(0x5a, 3, 1, out_sfdp),
	ANSWER(0x03, NOR_ADDR_BY_MODE, 0, out_array),
	ANSWER(0x0b, NOR_ADDR_BY_MODE, 1, out_array),
	ANSWER(0x3b, NOR_ADDR_BY_MODE, 1, out_array),
	ANSWER(0x6b, NOR_ADDR_BY_MODE, 1, out_array),
	ANSWER(0x13, 4, 0, out_array),
	ANSWER(0x0c, 4, 1, out_array),
	ANSWER(0x3c, 4, 1, out_array),
	ANSWER(0x6c, 4, 1, out_array),
	SWITCH(0x06, write_enable),
	SWITCH(0x04, write_disable),
	SWITCH(0xb7, enter_4byte),
	SWITCH(0xe9, leave_4byte),
	REGISTER(0x01, 2, write_status),
	REGISTER(0x31, 1, write_status2),
	PROGRAM(0x02, NOR_ADDR_BY_MODE),
	PROGRAM(0x32, NOR_ADDR_BY_MODE),
	PROGRAM(0x12, 4),
	PROGRAM(0x34, 4),
	ERASE(0x20, NOR_ADDR_BY_MODE, 4 * KIB, 5000),
	ERASE(0x52, NOR_ADDR_BY_MODE, 32 * KIB, 10000),
	ERASE(0xd8, NOR_ADDR_BY_MODE, 64 * KIB, 15000),
	ERASE(0x21, 4, 4 * KIB, 5000),
	ERASE(0x5c, 4, 32 * KIB, 10000),
	ERASE(0xdc, 4, 64 * KIB, 15000),
	ERASE(0xc7, 0, WHOLE_CHIP, 50000),
	ERASE(0x60, 0, WHOLE_CHIP, 50000),
	RESET(0x66, enable_reset),
	RESET(NOR_OP_RESET, reset),
};

const struct nor_op *nor_op_find(uint8_t opcode)
{
	size_t i;

	for (i = 0; i < sizeof(nor_ops) / sizeof(*nor_ops); i++) {
		if (nor_ops[i].opcode == opcode)
			return &nor_ops[i];
	}
	return NULL;
}
