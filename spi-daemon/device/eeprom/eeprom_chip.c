// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/eeprom/eeprom_chip.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* "eeprst", and the version of struct eeprom_state */
#define EEPROM_STAMP	 UINT64_C(0x6565707273740001)

#define FLOATING	 0xff

#define STATUS_WIP	 (1u << 0)
#define STATUS_WEL	 (1u << 1)
#define STATUS_BP_SHIFT	 2
#define STATUS_MASK	 (1u << 7 | 3u << STATUS_BP_SHIFT) /* SRWD, BP1, BP0 */

#define ADDR_BIT_8	 (1u << 3) /* of the opcode */
#define ADDR_1_BYTE_MAX	 512u
#define ADDR_2_BYTES_MAX (64u * 1024)

#define WRITE_US	 5000

static_assert(sizeof(struct eeprom_state) <= CHIP_STATE_SIZE, "the state fits");

/* A command. One that needs WEL is a write, and takes WRITE_US. */
struct eeprom_op {
	uint8_t opcode;
	bool has_addr;
	bool while_busy; /* allowed while the chip is busy */
	bool needs_wel;
	/* Returns the next byte of data; NULL: the command has none. */
	uint8_t (*out)(struct eeprom_chip *chip);
	/* Runs the command, at the deselect edge; NULL: nothing to do. */
	void (*run)(struct eeprom_chip *chip);
	uint64_t data_min; /* bytes that run() takes */
	uint64_t data_max;
};

static struct eeprom_chip *chip_of(struct byte_chip *bytes)
{
	return (struct eeprom_chip *)(void *)bytes;
}

static uint32_t address(const struct eeprom_chip *chip)
{
	return chip->addr & (uint32_t)(chip->store.size - 1);
}

static uint8_t out_status(struct eeprom_chip *chip)
{
	bool busy = chip_state_is_busy(&chip->state->common);
	bool enabled = chip->state->common.write_enabled;

	return chip->state->status | (busy ? STATUS_WIP : 0) |
	       (enabled ? STATUS_WEL : 0);
}

static uint8_t out_contents(struct eeprom_chip *chip)
{
	uint32_t at = (uint32_t)(chip->addr + chip->data) &
		      (uint32_t)(chip->store.size - 1);
	uint8_t byte = FLOATING;

	if (!chip->error)
		chip->error = chip_reader_byte(&chip->reader, at, &byte);
	return byte;
}

static void write_enable(struct eeprom_chip *chip)
{
	chip->state->common.write_enabled = true;
}

static void write_disable(struct eeprom_chip *chip)
{
	chip->state->common.write_enabled = false;
}

static void write_status(struct eeprom_chip *chip)
{
	/* Without an address, data starts at page[0]. */
	chip->state->status = chip->page[0] & STATUS_MASK;
}

/* Stores bytes of the page buffer; those that did not come stay as they are. */
static void write_page(struct eeprom_chip *chip)
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

static const struct eeprom_op eeprom_ops[] = {
	{ .opcode = 0x05, .while_busy = true, .out = out_status },
	{ .opcode = 0x03, .has_addr = true, .out = out_contents },
	{ .opcode = 0x06, .run = write_enable },
	{ .opcode = 0x04, .run = write_disable },
	{ .opcode = 0x01,
	  .needs_wel = true,
	  .run = write_status,
	  .data_min = 1,
	  .data_max = 1 },
	{ .opcode = 0x02,
	  .has_addr = true,
	  .needs_wel = true,
	  .run = write_page,
	  .data_min = 1,
	  .data_max = UINT64_MAX },
};

static const struct eeprom_op *find_op(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof(eeprom_ops) / sizeof(*eeprom_ops); i++) {
		if (eeprom_ops[i].opcode == opcode)
			return &eeprom_ops[i];
	}
	return NULL;
}

static uint8_t addr_bytes(const struct eeprom_chip *chip)
{
	if (chip->store.size <= ADDR_1_BYTE_MAX)
		return 1;
	return chip->store.size <= ADDR_2_BYTES_MAX ? 2 : 3;
}

static void begin_command(struct eeprom_chip *chip, uint8_t opcode)
{
	const struct eeprom_op *op = find_op(opcode);
	bool bit_8 = false;

	chip->begun = true;
	if (!op && chip->store.size == ADDR_1_BYTE_MAX && opcode & ADDR_BIT_8) {
		op = find_op(opcode & (uint8_t)~ADDR_BIT_8);
		bit_8 = true;
	}
	if (!op || (bit_8 && !op->has_addr) ||
	    (chip_state_is_busy(&chip->state->common) && !op->while_busy))
		return;
	chip->op = op;
	chip->addr = bit_8;
	chip->addr_left = op->has_addr ? addr_bytes(chip) : 0;
	chip->data = 0;
}

void eeprom_chip_announce(struct byte_chip *bytes, uint32_t count)
{
	chip_reader_announce(&chip_of(bytes)->reader, count);
}

uint8_t eeprom_chip_clock(struct byte_chip *bytes, uint8_t in)
{
	struct eeprom_chip *chip = chip_of(bytes);
	uint8_t out = FLOATING;

	if (!chip->begun) {
		begin_command(chip, in);
	} else if (chip->addr_left) {
		chip->addr = chip->addr << 8 | in;
		chip->addr_left--;
	} else if (chip->op) {
		if (chip->op->out)
			out = chip->op->out(chip);
		chip->page[(chip->addr + chip->data) % chip->page_size] = in;
		chip->data++;
	}
	chip_reader_clocked(&chip->reader);
	return out;
}

/* BP protects nothing, the upper quarter, the upper half, or everything. */
static bool is_protected(const struct eeprom_chip *chip, uint32_t addr)
{
	uint8_t bp = chip->state->status >> STATUS_BP_SHIFT & 3;
	uint64_t len = bp ? chip->store.size >> (3 - bp) : 0;

	return addr >= chip->store.size - len;
}

static bool is_complete(const struct eeprom_chip *chip)
{
	const struct eeprom_op *op = chip->op;

	return op && op->run && !chip->addr_left &&
	       chip->data >= op->data_min && chip->data <= op->data_max;
}

static void finish_write(struct eeprom_chip *chip)
{
	struct chip_state *state = &chip->state->common;
	bool takes_time = chip->takes_time;

	chip->op->run(chip);
	chip_state_set_busy(state, takes_time && !chip->error ? WRITE_US : 0);
	chip_state_end(state);
}

static void run_write(struct eeprom_chip *chip)
{
	if (!chip->state->common.write_enabled ||
	    (chip->op->has_addr && is_protected(chip, address(chip))))
		return;
	/* From now on it happens, even if the process ends. */
	memcpy(chip->state->page, chip->page, sizeof(chip->page));
	chip_state_begin(&chip->state->common, chip->op->opcode, chip->addr,
			 chip->data);
	finish_write(chip);
}

void eeprom_chip_deselect(struct byte_chip *bytes)
{
	struct eeprom_chip *chip = chip_of(bytes);

	if (is_complete(chip)) {
		if (chip->op->needs_wel)
			run_write(chip);
		else
			chip->op->run(chip);
	}
	eeprom_chip_drop_command(bytes);
	chip->begun = false;
	eeprom_chip_announce(bytes, 0);
}

void eeprom_chip_drop_command(struct byte_chip *bytes)
{
	struct eeprom_chip *chip = chip_of(bytes);

	chip->begun = true;
	chip->op = NULL;
	chip->addr_left = 0;
}

int eeprom_chip_error(struct byte_chip *bytes)
{
	struct eeprom_chip *chip = chip_of(bytes);
	int error = chip->error;

	chip->error = 0;
	return error;
}

/* Returns true if the state can be kept, with the write that runs in it. */
static bool can_resume(const struct eeprom_chip *chip)
{
	const struct eeprom_state *state = chip->state;
	const struct eeprom_op *op = find_op(state->common.opcode);

	if (!chip_state_is_valid(&state->common, EEPROM_STAMP,
				 chip->store.size) ||
	    state->status & ~STATUS_MASK)
		return false;
	return !state->common.opcode ||
	       (op && op->needs_wel && state->common.data >= op->data_min &&
		state->common.data <= op->data_max);
}

/* Runs the write again that the last process may have run in part. */
static void resume_write(struct eeprom_chip *chip)
{
	chip->op = find_op(chip->state->common.opcode);
	chip->addr = chip->state->common.addr;
	chip->data = chip->state->common.data;
	memcpy(chip->page, chip->state->page, sizeof(chip->page));
	finish_write(chip);
	eeprom_chip_drop_command(&chip->bytes);
	chip->begun = false;
}

/* Takes the chip over from the last process, or makes a new one. */
static void open_state(struct eeprom_chip *chip)
{
	void *kept = chip->store.kept;

	chip->state = kept ? kept : &chip->own_state;
	if (kept && can_resume(chip)) {
		if (chip->state->common.opcode)
			resume_write(chip);
		return;
	}
	chip_store_discard(&chip->store);
	chip->state->common.stamp = 0;
	*chip->state = (struct eeprom_state){ .common.size = chip->store.size };
	chip->state->common.stamp = EEPROM_STAMP;
}

static bool is_power_of_two(uint64_t number)
{
	return number && !(number & (number - 1));
}

int eeprom_chip_open(struct eeprom_chip *chip,
		     const struct sim_chip_config *config,
		     enum sim_timing timing)
{
	int ret;

	if (!is_power_of_two(config->size) ||
	    config->size < SIM_EEPROM_SIZE_MIN ||
	    config->size > SIM_EEPROM_SIZE_MAX ||
	    !is_power_of_two(config->page) || config->page > config->size ||
	    config->page > SIM_EEPROM_PAGE_MAX)
		return -EINVAL;
	memset(chip, 0, sizeof(*chip));
	chip->page_size = config->page;
	chip->takes_time = timing == SIM_TIMING_REAL;
	ret = chip_reader_init(&chip->reader, &chip->store);
	if (ret)
		return ret;
	ret = chip_store_open(&chip->store, config->size, config->file,
			      config->memory);
	if (ret) {
		chip_reader_fini(&chip->reader);
		return ret;
	}
	open_state(chip);
	return 0;
}

void eeprom_chip_close(struct byte_chip *bytes)
{
	struct eeprom_chip *chip = chip_of(bytes);

	eeprom_chip_deselect(bytes);
	chip_reader_fini(&chip->reader);
	chip_store_close(&chip->store);
}
