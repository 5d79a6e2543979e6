// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nand/nand_chip.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "spi-daemon/device/nand/nand_ops.h"

/* "nandst", and the version of struct nand_state */
#define NAND_STAMP UINT64_C(0x6e616e6473740001)

#define SIZE_MIN   (1u << 20)

static_assert(sizeof(struct nand_state) <= CHIP_STATE_SIZE, "the state fits");
static_assert(SIM_NAND_SIZE_MAX / NAND_DATA_SIZE / NAND_BLOCK_PAGES ==
		      NAND_BLOCKS_MAX,
	      "the largest chip");

static struct nand_chip *chip_of(struct byte_chip *bytes)
{
	return (struct nand_chip *)(void *)bytes;
}

static void begin_command(struct nand_chip *chip, uint8_t opcode)
{
	const struct nand_op *op = nand_op_find(opcode);

	chip->begun = true;
	if (!op ||
	    (!op->while_busy && chip_state_is_busy(&chip->state->common)))
		return;
	chip->op = op;
	chip->addr = 0;
	chip->addr_left = op->addr;
	chip->dummy_left = op->dummy;
	chip->data = 0;
}

static void clock_address(struct nand_chip *chip, uint8_t in)
{
	chip->addr = chip->addr << 8 | in;
	if (!--chip->addr_left && chip->op->start)
		chip->op->start(chip);
}

static uint8_t clock_data(struct nand_chip *chip, uint8_t in)
{
	uint8_t out = NAND_FLOATING;

	if (chip->op->out)
		out = chip->op->out(chip);
	chip->value = in;
	if (chip->op->in)
		chip->op->in(chip);
	chip->data++;
	return out;
}

uint8_t nand_chip_clock(struct byte_chip *bytes, uint8_t in)
{
	struct nand_chip *chip = chip_of(bytes);

	if (!chip->begun)
		begin_command(chip, in);
	else if (chip->addr_left)
		clock_address(chip, in);
	else if (chip->dummy_left)
		chip->dummy_left--;
	else if (chip->op)
		return clock_data(chip, in);
	return NAND_FLOATING;
}

static bool is_complete(const struct nand_chip *chip)
{
	const struct nand_op *op = chip->op;

	return op && op->run && !chip->addr_left &&
	       (op->takes_data ? chip->data == 1 : !chip->data);
}

static void finish_operation(struct nand_chip *chip)
{
	struct chip_state *state = &chip->state->common;
	bool takes_time = chip->takes_time;

	chip->op->run(chip);
	chip_state_set_busy(state,
			    takes_time && !chip->error ? chip->op->busy_us : 0);
	chip_state_end(state);
}

static void run_operation(struct nand_chip *chip)
{
	struct chip_state *state = &chip->state->common;

	if (chip->op->needs_wel && !state->write_enabled)
		return;
	/* From now on it happens, even if the process ends. */
	chip_state_begin(state, chip->op->opcode, chip->addr, 0);
	finish_operation(chip);
}

void nand_chip_deselect(struct byte_chip *bytes)
{
	struct nand_chip *chip = chip_of(bytes);

	if (is_complete(chip)) {
		if (chip->op->busy_us)
			run_operation(chip);
		else
			chip->op->run(chip);
	}
	nand_chip_drop_command(bytes);
	chip->begun = false;
}

void nand_chip_drop_command(struct byte_chip *bytes)
{
	struct nand_chip *chip = chip_of(bytes);

	chip->begun = true;
	chip->op = NULL;
	chip->addr_left = 0;
	chip->dummy_left = 0;
}

int nand_chip_error(struct byte_chip *bytes)
{
	struct nand_chip *chip = chip_of(bytes);
	int error = chip->error;

	chip->error = 0;
	return error;
}

/* Runs the operation on @addr, whatever is selected. */
static void run_again(struct nand_chip *chip, uint8_t opcode, uint32_t addr)
{
	chip->op = nand_op_find(opcode);
	chip->addr = addr;
	finish_operation(chip);
	nand_chip_drop_command(&chip->bytes);
	chip->begun = false;
}

/* Returns true if the state can be kept, with the operation in it. */
static bool can_resume(const struct nand_chip *chip)
{
	const struct nand_state *state = chip->state;
	const struct nand_op *op = nand_op_find(state->common.opcode);

	return chip_state_is_valid(&state->common, NAND_STAMP,
				   chip->store.size) &&
	       !(state->protection & ~NAND_PROTECTION_MASK) &&
	       (state->configuration & ~NAND_CONFIGURATION_MASK) == NAND_BUF &&
	       !(state->status & ~NAND_STATUS_MASK) &&
	       (!state->common.opcode || (op && op->busy_us));
}

static void power_on(struct nand_chip *chip)
{
	struct nand_state *state = chip->state;

	state->common.stamp = 0;
	*state = (struct nand_state){
		.common.size = chip->store.size,
		.protection = chip->locked ? NAND_PROTECTION_ALL : 0,
		.configuration = NAND_ECC_E | NAND_BUF,
	};
	run_again(chip, NAND_OP_PAGE_READ, 0);
	/* A guest that needs the file will find out itself. */
	nand_chip_error(&chip->bytes);
	state->common.busy_until_ns = 0;
	state->common.stamp = NAND_STAMP;
}

/* Takes the chip over from the last process, or makes a new one. */
static void open_state(struct nand_chip *chip)
{
	void *kept = chip->store.kept;

	chip->state = kept ? kept : &chip->own_state;
	if (kept && can_resume(chip)) {
		if (chip->state->common.opcode)
			run_again(chip, chip->state->common.opcode,
				  chip->state->common.addr);
		return;
	}
	chip_store_discard(&chip->store);
	power_on(chip);
}

size_t nand_chip_contents(uint64_t size)
{
	return size / NAND_DATA_SIZE * NAND_PAGE_SIZE;
}

static void set_id(struct nand_chip *chip, const struct sim_chip_config *config)
{
	static const uint8_t w25n01gv[] = { 0xef, 0xaa, 0x21 };
	static const uint8_t w25n512gw[] = { 0xef, 0xba, 0x20 };

	chip->id_len = config->id_len ? config->id_len : sizeof(w25n01gv);
	if (config->id_len)
		memcpy(chip->id, config->id, config->id_len);
	else if (config->size == SIM_NAND_SIZE_MAX)
		memcpy(chip->id, w25n01gv, sizeof(w25n01gv));
	else
		memcpy(chip->id, w25n512gw, sizeof(w25n512gw));
}

static int check(const struct sim_chip_config *config)
{
	uint64_t size = config->size;

	if (size < SIZE_MIN || size > SIM_NAND_SIZE_MAX || size & (size - 1) ||
	    config->id_len > SIM_ID_MAX || config->bad_count > SIM_NAND_BAD_MAX)
		return -EINVAL;
	for (size_t i = 0; i < config->bad_count; i++)
		if (config->bad[i] >= size / NAND_DATA_SIZE / NAND_BLOCK_PAGES)
			return -EINVAL;
	return 0;
}

int nand_chip_open(struct nand_chip *chip, const struct sim_chip_config *config,
		   enum sim_timing timing)
{
	int ret = check(config);

	if (ret)
		return ret;
	memset(chip, 0, sizeof(*chip));
	ret = chip_store_open(&chip->store, nand_chip_contents(config->size),
			      config->file, config->memory);
	if (ret)
		return ret;
	chip->pages = (uint32_t)(config->size / NAND_DATA_SIZE);
	chip->takes_time = timing == SIM_TIMING_REAL;
	chip->locked = !config->unlocked;
	set_id(chip, config);
	for (size_t i = 0; i < config->bad_count; i++)
		chip->bad[config->bad[i] / 8] |=
			(uint8_t)(1u << config->bad[i] % 8);
	open_state(chip);
	return 0;
}

void nand_chip_close(struct byte_chip *bytes)
{
	struct nand_chip *chip = chip_of(bytes);

	nand_chip_deselect(bytes);
	chip_store_close(&chip->store);
}
