// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/eeprom/eeprom_chip.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* "eeprst", and the version of struct eeprom_state */
#define EEPROM_STAMP	 UINT64_C(0x6565707273740001)

#define STATUS_WIP	 (1u << 0)
#define STATUS_WEL	 (1u << 1)
#define STATUS_BP_SHIFT	 2
#define STATUS_MASK	 (1u << 7 | 3u << STATUS_BP_SHIFT) /* SRWD, BP1, BP0 */

#define ADDR		 1	   /* any number of address bytes */
#define ADDR_BIT_8	 (1u << 3) /* of the opcode */
#define ADDR_1_BYTE_MAX	 512u
#define ADDR_2_BYTES_MAX (64u * 1024)

#define WRITE_US	 5000

static_assert(SIM_EEPROM_PAGE_MAX == MEMORY_PAGE_MAX, "the state has a page");

static uint32_t address(const struct memory_chip *chip)
{
	return chip->addr & (uint32_t)(chip->store.size - 1);
}

static uint8_t out_status(struct memory_chip *chip)
{
	bool busy = chip_state_is_busy(chip->state);
	bool enabled = chip->state->write_enabled;

	return eeprom_state_of(chip)->status | (busy ? STATUS_WIP : 0) |
	       (enabled ? STATUS_WEL : 0);
}

static void write_status(struct memory_chip *chip)
{
	/* Without an address, data starts at page[0]. */
	eeprom_state_of(chip)->status = chip->page[0] & STATUS_MASK;
}

/* Stores bytes of the page buffer; those that did not come stay as they are. */
static void write_page(struct memory_chip *chip)
{
	uint32_t offset = address(chip) % chip->page_size;
	uint32_t page = address(chip) - offset;
	uint32_t len = chip->page_size;
	uint32_t first;

	if (chip->data < len)
		len = (uint32_t)chip->data;
	first = chip->page_size - offset;
	if (len < first)
		first = len;
	chip->error = chip_store_write(&chip->store, page + offset,
				       chip->page + offset, first);
	if (!chip->error && len > first)
		chip->error = chip_store_write(&chip->store, page, chip->page,
					       len - first);
}

static const struct memory_op eeprom_ops[] = {
	{ .opcode = 0x05, .while_busy = true, .out = out_status },
	{ .opcode = 0x03, .addr = ADDR, .out = memory_out_contents },
	{ .opcode = 0x06, .run = memory_write_enable },
	{ .opcode = 0x04, .run = memory_write_disable },
	{ .opcode = 0x01,
	  .needs_wel = true,
	  .busy_us = WRITE_US,
	  .in = memory_take,
	  .run = write_status,
	  .data_min = 1,
	  .data_max = 1 },
	{ .opcode = 0x02,
	  .addr = ADDR,
	  .needs_wel = true,
	  .busy_us = WRITE_US,
	  .in = memory_take,
	  .run = write_page,
	  .data_min = 1,
	  .data_max = MEMORY_NO_LIMIT },
};

static uint8_t addr_bytes(const struct memory_chip *chip)
{
	if (chip->store.size <= ADDR_1_BYTE_MAX)
		return 1;
	return chip->store.size <= ADDR_2_BYTES_MAX ? 2 : 3;
}

/* In a chip of 512 bytes the opcode has the highest bit of the address. */
static const struct memory_op *begin(struct memory_chip *chip, uint8_t opcode,
				     const struct memory_op *op)
{
	if (!op && chip->store.size == ADDR_1_BYTE_MAX && opcode & ADDR_BIT_8) {
		op = memory_op_find(chip->kind, opcode & (uint8_t)~ADDR_BIT_8);
		if (!op || !op->addr)
			return NULL;
		chip->addr = 1;
	}
	if (op && op->addr)
		chip->addr_left = addr_bytes(chip);
	return op;
}

/* BP protects nothing, the upper quarter, the upper half, or everything. */
static bool is_locked(struct memory_chip *chip)
{
	uint8_t bp = eeprom_state_of(chip)->status >> STATUS_BP_SHIFT & 3;
	uint64_t len = bp ? chip->store.size >> (3 - bp) : 0;

	return chip->op->addr && address(chip) >= chip->store.size - len;
}

static bool is_valid(const struct memory_chip *chip)
{
	return !(eeprom_state_of(chip)->status & ~STATUS_MASK);
}

static const struct memory_kind eeprom_kind = {
	.stamp = EEPROM_STAMP,
	.state_size = sizeof(struct eeprom_state),
	.page_at = offsetof(struct eeprom_state, page),
	.ops = eeprom_ops,
	.op_count = sizeof(eeprom_ops) / sizeof(*eeprom_ops),
	.begin = begin,
	.is_locked = is_locked,
	.is_valid = is_valid,
};

static bool is_power_of_two(uint64_t number)
{
	return number && !(number & (number - 1));
}

int eeprom_chip_open(struct eeprom_chip *chip,
		     const struct sim_chip_config *config,
		     enum sim_timing timing)
{
	if (!is_power_of_two(config->size) ||
	    config->size < SIM_EEPROM_SIZE_MIN ||
	    config->size > SIM_EEPROM_SIZE_MAX ||
	    !is_power_of_two(config->page) || config->page > config->size ||
	    config->page > SIM_EEPROM_PAGE_MAX)
		return -EINVAL;
	memset(chip, 0, sizeof(*chip));
	chip->memory.takes_time = timing == SIM_TIMING_REAL;
	chip->memory.page_size = config->page;
	return memory_chip_open(&chip->memory, &eeprom_kind, config->size,
				config, &chip->own_state.common);
}
