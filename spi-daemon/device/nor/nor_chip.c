// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_chip.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/device/nor/nor_ops.h"
#include "spi-daemon/device/nor/nor_protect.h"

#define KIB	 1024u
#define CHIP_MIN (64 * KIB)
#define CHIP_MAX (256 * 1024 * KIB)

static_assert(sizeof(struct nor_state) <= CHIP_STATE_SIZE, "the state fits");

static struct nor_chip *chip_of(struct byte_chip *bytes)
{
	return (struct nor_chip *)(void *)bytes;
}

static void begin_command(struct nor_chip *chip, uint8_t opcode)
{
	const struct nor_op *op = nor_op_find(opcode);

	chip->begun = true;
	if (opcode != NOR_OP_RESET)
		chip->state->reset_enabled = false;
	if (!op ||
	    (chip_state_is_busy(&chip->state->common) && !op->while_busy))
		return;
	chip->op = op;
	chip->addr = 0;
	chip->addr_left = op->addr;
	if (op->addr == NOR_ADDR_BY_MODE)
		chip->addr_left = chip->state->addr_4byte ? 4 : 3;
	chip->dummy_left = op->dummy;
	chip->data = 0;
	memset(chip->page, 0xff, sizeof(chip->page));
}

void nor_chip_announce(struct byte_chip *bytes, uint32_t count)
{
	chip_reader_announce(&chip_of(bytes)->reader, count);
}

uint8_t nor_chip_clock(struct byte_chip *bytes, uint8_t in)
{
	struct nor_chip *chip = chip_of(bytes);
	const struct nor_op *op = chip->op;
	uint8_t out = NOR_FLOATING;

	if (!chip->begun) {
		begin_command(chip, in);
	} else if (chip->addr_left) {
		chip->addr = chip->addr << 8 | in;
		chip->addr_left--;
	} else if (chip->dummy_left) {
		chip->dummy_left--;
	} else if (op) {
		if (op->out)
			out = op->out(chip);
		/* Data wraps at the end of the page: the last bytes count. */
		chip->page[(chip->addr + chip->data) % NOR_PAGE_SIZE] = in;
		chip->data++;
	}
	chip_reader_clocked(&chip->reader);
	return out;
}

static bool is_complete(const struct nor_chip *chip)
{
	const struct nor_op *op = chip->op;

	return op && op->run && !chip->addr_left && !chip->dummy_left &&
	       chip->data >= op->data_min && chip->data <= op->data_max;
}

static bool is_locked(const struct nor_chip *chip)
{
	const struct nor_state *state = chip->state;

	return chip->op->area &&
	       nor_protected(chip->store.size, state->status1, state->status2,
			     nor_op_area_start(chip), nor_op_area_len(chip));
}

static void finish_write(struct nor_chip *chip)
{
	struct chip_state *state = &chip->state->common;

	chip->op->run(chip);
	chip_state_set_busy(state, chip->error ? 0 : chip->op->busy_us);
	chip_state_end(state);
}

static void run_write(struct nor_chip *chip)
{
	if (is_locked(chip)) {
		chip->state->common.write_enabled = false;
		return;
	}
	/* From now on it happens, even if the process ends. */
	memcpy(chip->state->page, chip->page, sizeof(chip->page));
	chip_state_begin(&chip->state->common, chip->op->opcode, chip->addr,
			 chip->data);
	finish_write(chip);
}

int nor_chip_error(struct byte_chip *bytes)
{
	struct nor_chip *chip = chip_of(bytes);
	int error = chip->error;

	chip->error = 0;
	return error;
}

void nor_chip_deselect(struct byte_chip *bytes)
{
	struct nor_chip *chip = chip_of(bytes);

	if (is_complete(chip)) {
		if (!chip->op->busy_us)
			chip->op->run(chip);
		else if (chip->state->common.write_enabled)
			run_write(chip);
	}
	nor_chip_drop_command(bytes);
	chip->begun = false;
	nor_chip_announce(bytes, 0);
}

void nor_chip_drop_command(struct byte_chip *bytes)
{
	struct nor_chip *chip = chip_of(bytes);

	chip->begun = true;
	chip->op = NULL;
	chip->addr_left = 0;
	chip->dummy_left = 0;
}

/* Returns true if the state can be kept, with the write that runs in it. */
static bool can_resume(const struct nor_chip *chip)
{
	const struct nor_state *state = chip->state;
	const struct nor_op *op = nor_op_find(state->common.opcode);

	if (!nor_state_is_valid(state, chip->store.size))
		return false;
	return !state->common.opcode ||
	       (op && op->busy_us && state->common.data >= op->data_min &&
		state->common.data <= op->data_max);
}

/* Runs the write again that the last process may have run in part. */
static void resume_write(struct nor_chip *chip)
{
	chip->op = nor_op_find(chip->state->common.opcode);
	chip->addr = chip->state->common.addr;
	chip->data = chip->state->common.data;
	memcpy(chip->page, chip->state->page, sizeof(chip->page));
	finish_write(chip);
	nor_chip_drop_command(&chip->bytes);
	chip->begun = false;
}

/* Takes the chip over from the last process, or makes a new one. */
static void open_state(struct nor_chip *chip)
{
	void *kept = chip->store.kept;

	chip->state = kept ? kept : &chip->own_state;
	if (kept && can_resume(chip)) {
		if (chip->state->common.opcode)
			resume_write(chip);
		return;
	}
	chip_store_discard(&chip->store);
	nor_state_init(chip->state, chip->store.size);
}

int nor_chip_open(struct nor_chip *chip, const struct sim_chip_config *config)
{
	uint64_t size = config->size;
	int ret;

	if (size < CHIP_MIN || size > CHIP_MAX || size & (size - 1) ||
	    config->id_len > sizeof(chip->id))
		return -EINVAL;
	memset(chip, 0, sizeof(*chip));
	ret = chip_reader_init(&chip->reader, &chip->store);
	if (ret)
		return ret;
	ret = chip_store_open(&chip->store, size, config->file, config->memory);
	if (ret) {
		chip_reader_fini(&chip->reader);
		return ret;
	}
	open_state(chip);
	nor_sfdp_fill((uint32_t)size, chip->sfdp);
	memcpy(chip->id, config->id, config->id_len);
	chip->id_len = config->id_len;
	if (!chip->id_len)
		chip->id_len = nor_default_id((uint32_t)size, chip->id);
	return 0;
}

void nor_chip_close(struct byte_chip *bytes)
{
	struct nor_chip *chip = chip_of(bytes);

	nor_chip_deselect(bytes);
	chip_store_close(&chip->store);
	chip_reader_fini(&chip->reader);
}
