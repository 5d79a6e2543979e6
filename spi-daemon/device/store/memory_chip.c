// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/store/memory_chip.h"

#include <assert.h>
#include <string.h>

static struct memory_chip *chip_of(struct byte_chip *bytes)
{
	return (struct memory_chip *)(void *)bytes;
}

const struct memory_op *memory_op_find(const struct memory_kind *kind,
				       uint8_t opcode)
{
	for (size_t i = 0; i < kind->op_count; i++)
		if (kind->ops[i].opcode == opcode)
			return &kind->ops[i];
	return NULL;
}

uint8_t memory_out_contents(struct memory_chip *chip)
{
	uint32_t at = (uint32_t)(chip->addr + chip->data) &
		      (uint32_t)(chip->store.size - 1);
	uint8_t byte = MEMORY_FLOATING;

	if (!chip->error)
		chip->error = chip_reader_byte(&chip->reader, at, &byte);
	return byte;
}

void memory_take(struct memory_chip *chip, uint8_t byte)
{
	chip->page[(chip->addr + chip->data) & (chip->page_size - 1)] = byte;
}

void memory_write_enable(struct memory_chip *chip)
{
	chip->state->write_enabled = true;
}

void memory_write_disable(struct memory_chip *chip)
{
	chip->state->write_enabled = false;
}

static void begin_command(struct memory_chip *chip, uint8_t opcode)
{
	const struct memory_kind *kind = chip->kind;
	const struct memory_op *op = memory_op_find(kind, opcode);

	chip->begun = true;
	chip->addr = 0;
	chip->addr_left = op ? op->addr : 0;
	if (kind->begin)
		op = kind->begin(chip, opcode, op);
	if (!op || (!op->while_busy && chip_state_is_busy(chip->state))) {
		chip->addr_left = 0;
		return;
	}
	chip->op = op;
	chip->dummy_left = op->dummy;
	chip->data = 0;
	memset(chip->page, 0xff, sizeof(chip->page));
}

static void clock_address(struct memory_chip *chip, uint8_t in)
{
	chip->addr = chip->addr << 8 | in;
	if (!--chip->addr_left && chip->op->start)
		chip->op->start(chip);
}

static uint8_t clock_data(struct memory_chip *chip, uint8_t in)
{
	uint8_t out = MEMORY_FLOATING;

	if (chip->op->out)
		out = chip->op->out(chip);
	if (chip->op->in)
		chip->op->in(chip, in);
	chip->data++;
	return out;
}

void memory_chip_announce(struct byte_chip *bytes, uint32_t count)
{
	chip_reader_announce(&chip_of(bytes)->reader, count);
}

uint8_t memory_chip_clock(struct byte_chip *bytes, uint8_t in)
{
	struct memory_chip *chip = chip_of(bytes);
	uint8_t out = MEMORY_FLOATING;

	if (!chip->begun)
		begin_command(chip, in);
	else if (chip->addr_left)
		clock_address(chip, in);
	else if (chip->dummy_left)
		chip->dummy_left--;
	else if (chip->op)
		out = clock_data(chip, in);
	chip_reader_clocked(&chip->reader);
	return out;
}

static bool takes(const struct memory_op *op, uint64_t data)
{
	return data >= op->data_min && data <= op->data_max;
}

static bool is_complete(const struct memory_chip *chip)
{
	const struct memory_op *op = chip->op;

	return op && op->run && !chip->addr_left && !chip->dummy_left &&
	       takes(op, chip->data);
}

/* Returns the page of data that the state has of an operation, or NULL. */
static uint8_t *kept_page(const struct memory_chip *chip)
{
	size_t at = chip->kind->page_at;

	return at ? (uint8_t *)chip->state + at : NULL;
}

static void finish_operation(struct memory_chip *chip)
{
	bool takes_time = chip->takes_time;

	chip->op->run(chip);
	takes_time = takes_time && !chip->error;
	chip_state_set_busy(chip->state, takes_time ? chip->op->busy_us : 0);
	chip_state_end(chip->state);
}

static void run_operation(struct memory_chip *chip)
{
	const struct memory_kind *kind = chip->kind;

	if (kind->is_locked && kind->is_locked(chip))
		return;
	/* From now on it happens, even if the process ends. */
	if (kept_page(chip))
		memcpy(kept_page(chip), chip->page, sizeof(chip->page));
	chip_state_begin(chip->state, chip->op->opcode, chip->addr, chip->data);
	finish_operation(chip);
}

static void run_command(struct memory_chip *chip)
{
	const struct memory_op *op = chip->op;

	if (op->needs_wel && !chip->state->write_enabled)
		return;
	if (op->busy_us)
		run_operation(chip);
	else
		op->run(chip);
}

void memory_chip_deselect(struct byte_chip *bytes)
{
	struct memory_chip *chip = chip_of(bytes);

	if (is_complete(chip))
		run_command(chip);
	memory_chip_drop(bytes);
	chip->begun = false;
	memory_chip_announce(bytes, 0);
}

void memory_chip_drop(struct byte_chip *bytes)
{
	struct memory_chip *chip = chip_of(bytes);

	chip->begun = true;
	chip->op = NULL;
	chip->addr_left = 0;
	chip->dummy_left = 0;
}

int memory_chip_error(struct byte_chip *bytes)
{
	struct memory_chip *chip = chip_of(bytes);
	int error = chip->error;

	chip->error = 0;
	return error;
}

/* Returns true if the state can be kept, with the operation in it. */
static bool can_resume(const struct memory_chip *chip)
{
	const struct memory_kind *kind = chip->kind;
	const struct chip_state *state = chip->state;
	const struct memory_op *op = memory_op_find(kind, state->opcode);

	if (!chip_state_is_valid(state, kind->stamp, chip->store.size) ||
	    !kind->is_valid(chip))
		return false;
	return !state->opcode || (op && op->busy_us && takes(op, state->data));
}

/* Runs the operation again that the last process may have run in part. */
static void resume(struct memory_chip *chip)
{
	chip->op = memory_op_find(chip->kind, chip->state->opcode);
	assert(chip->op); /* can_resume() */
	chip->addr = chip->state->addr;
	chip->data = chip->state->data;
	if (kept_page(chip))
		memcpy(chip->page, kept_page(chip), sizeof(chip->page));
	finish_operation(chip);
	memory_chip_drop(&chip->bytes);
	chip->begun = false;
}

static void make_state(struct memory_chip *chip)
{
	chip_store_discard(&chip->store);
	/* Until it is complete it is nobody's. */
	chip->state->stamp = 0;
	memset(chip->state, 0, chip->kind->state_size);
	chip->state->size = chip->store.size;
	if (chip->kind->power_on)
		chip->kind->power_on(chip);
	chip->state->stamp = chip->kind->stamp;
}

int memory_chip_open(struct memory_chip *chip, const struct memory_kind *kind,
		     size_t size, const struct sim_chip_config *config,
		     struct chip_state *own_state)
{
	int ret;

	assert(kind->state_size <= CHIP_STATE_SIZE);
	chip->kind = kind;
	ret = chip_reader_init(&chip->reader, &chip->store);
	if (ret)
		return ret;
	ret = chip_store_open(&chip->store, size, config->file, config->memory);
	if (ret) {
		chip_reader_fini(&chip->reader);
		return ret;
	}
	chip->state = chip->store.kept ? chip->store.kept : own_state;
	if (!chip->store.kept || !can_resume(chip))
		make_state(chip);
	else if (chip->state->opcode)
		resume(chip);
	return 0;
}

void memory_chip_close(struct byte_chip *bytes)
{
	struct memory_chip *chip = chip_of(bytes);

	memory_chip_deselect(bytes);
	chip_reader_fini(&chip->reader);
	chip_store_close(&chip->store);
}
