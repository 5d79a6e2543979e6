// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_chip.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/device/nor/nor_protect.h"

#define KIB	 1024u
#define CHIP_MIN (64 * KIB)
#define CHIP_MAX (256 * 1024 * KIB)

/* What the host reads while the chip does not drive its output */
#define FLOATING     0xff

#define STATUS1_WIP  (1u << 0)
#define STATUS1_WEL  (1u << 1)
#define STATUS3_ADS  (1u << 0) /* in 4-byte mode */

#define OP_RESET     0x99
#define ADDR_BY_MODE 0xff
#define WHOLE_CHIP   UINT32_MAX

static_assert(NOR_PAGE_SIZE <= NOR_PROGRAM_MAX, "a page is one program");

/* Of kept memory, before the contents: whole pages, however large those are */
#define STATE_SIZE (64 * KIB)

static_assert(sizeof(struct nor_state) <= STATE_SIZE, "the state fits");

#define NO_LIMIT UINT64_MAX

/* A command. */
struct nor_op {
	uint8_t opcode;
	uint8_t addr;	 /* address bytes; ADDR_BY_MODE: 3, or 4 in that mode */
	uint8_t dummy;	 /* bytes between address and data */
	bool while_busy; /* allowed while the chip is busy */
	/* Returns the next byte of data; NULL: the command has none. */
	uint8_t (*out)(struct nor_chip *chip);
	/* Runs the command, at the deselect edge; NULL: nothing to do. */
	void (*run)(struct nor_chip *chip);
	uint64_t data_min; /* bytes that run() takes */
	uint64_t data_max;
	uint32_t busy_us; /* 0: needs no WEL and takes no time */
	uint32_t area;	  /* bytes that change; 0: none that are protected */
};

/* The command changes @op->area bytes, aligned, around its address. */
static uint32_t area_len(const struct nor_chip *chip)
{
	return chip->op->area == WHOLE_CHIP ? (uint32_t)chip->store.size
					    : chip->op->area;
}

static uint32_t area_start(const struct nor_chip *chip)
{
	return chip->addr & (chip->store.size - 1) & ~(area_len(chip) - 1);
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
	uint8_t wip = nor_state_is_busy(state) ? STATUS1_WIP : 0;
	uint8_t wel = state->write_enabled ? STATUS1_WEL : 0;

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

/* Reads ahead, from @at, what the announced bytes can clock out. */
static void fill_window(struct nor_chip *chip, uint32_t at)
{
	size_t len = chip->coming ? chip->coming : 1;

	if (len > chip->store.size - at)
		len = chip->store.size - at;
	if (len > NOR_WINDOW_SIZE)
		len = NOR_WINDOW_SIZE;
	chip->error = nor_store_read(&chip->store, at, chip->window, len);
	chip->window_at = at;
	chip->window_len = chip->error ? 0 : (uint32_t)len;
}

static uint8_t out_array(struct nor_chip *chip)
{
	uint32_t at = (uint32_t)(chip->addr + chip->data) &
		      (uint32_t)(chip->store.size - 1);

	if (at - chip->window_at < chip->window_len)
		return chip->window[at - chip->window_at];
	if (!chip->error)
		fill_window(chip, at);
	return chip->error ? FLOATING : chip->window[0];
}

static void write_enable(struct nor_chip *chip)
{
	chip->state->write_enabled = true;
}

static void write_disable(struct nor_chip *chip)
{
	chip->state->write_enabled = false;
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
	chip->error = nor_store_program(&chip->store, area_start(chip),
					chip->page, NOR_PAGE_SIZE);
}

static void erase(struct nor_chip *chip)
{
	chip->error =
		nor_store_erase(&chip->store, area_start(chip), area_len(chip));
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
	ANSWER(0x03, ADDR_BY_MODE, 0, out_array),
	ANSWER(0x0b, ADDR_BY_MODE, 1, out_array),
	ANSWER(0x3b, ADDR_BY_MODE, 1, out_array),
	ANSWER(0x6b, ADDR_BY_MODE, 1, out_array),
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

static const struct nor_op *find_op(uint8_t opcode)
{
	size_t i;

	for (i = 0; i < sizeof(nor_ops) / sizeof(*nor_ops); i++) {
		if (nor_ops[i].opcode == opcode)
			return &nor_ops[i];
	}
	return NULL;
}

static void begin_command(struct nor_chip *chip, uint8_t opcode)
{
	const struct nor_op *op = find_op(opcode);

	chip->begun = true;
	if (opcode != OP_RESET)
		chip->state->reset_enabled = false;
	if (!op || (nor_state_is_busy(chip->state) && !op->while_busy))
		return;
	chip->op = op;
	chip->addr = 0;
	chip->addr_left = op->addr;
	if (op->addr == ADDR_BY_MODE)
		chip->addr_left = chip->state->addr_4byte ? 4 : 3;
	chip->dummy_left = op->dummy;
	chip->data = 0;
	memset(chip->page, 0xff, sizeof(chip->page));
}

void nor_chip_announce(struct nor_chip *chip, uint32_t bytes)
{
	chip->coming = bytes;
	chip->window_len = 0;
}

uint8_t nor_chip_clock(struct nor_chip *chip, uint8_t in)
{
	const struct nor_op *op = chip->op;
	uint8_t out = FLOATING;

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
	if (chip->coming)
		chip->coming--;
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
			     area_start(chip), area_len(chip));
}

static void finish_write(struct nor_chip *chip)
{
	struct nor_state *state = chip->state;

	chip->op->run(chip);
	if (chip->error)
		state->write_enabled = false;
	else
		state->busy_until_ns =
			clock_now() + chip->op->busy_us * NS_PER_US;
	nor_state_end(state);
}

static void run_write(struct nor_chip *chip)
{
	if (is_locked(chip)) {
		chip->state->write_enabled = false;
		return;
	}
	/* From now on it happens, even if the process ends. */
	nor_state_begin(chip->state, chip->op->opcode, chip->addr, chip->data,
			chip->page);
	finish_write(chip);
}

int nor_chip_error(struct nor_chip *chip)
{
	int error = chip->error;

	chip->error = 0;
	return error;
}

void nor_chip_deselect(struct nor_chip *chip)
{
	if (is_complete(chip)) {
		if (!chip->op->busy_us)
			chip->op->run(chip);
		else if (chip->state->write_enabled)
			run_write(chip);
	}
	nor_chip_drop_command(chip);
	chip->begun = false;
	nor_chip_announce(chip, 0);
}

void nor_chip_drop_command(struct nor_chip *chip)
{
	chip->begun = true;
	chip->op = NULL;
	chip->addr_left = 0;
	chip->dummy_left = 0;
}

/* Returns true if the state can be kept, with the write that runs in it. */
static bool can_resume(const struct nor_chip *chip)
{
	const struct nor_state *state = chip->state;
	const struct nor_op *op = find_op(state->opcode);

	if (!nor_state_is_valid(state, chip->store.size))
		return false;
	return !state->opcode ||
	       (op && op->busy_us && state->data >= op->data_min &&
		state->data <= op->data_max);
}

/* Runs the write again that the last process may have run in part. */
static void resume_write(struct nor_chip *chip)
{
	chip->op = find_op(chip->state->opcode);
	chip->addr = chip->state->addr;
	chip->data = chip->state->data;
	memcpy(chip->page, chip->state->page, sizeof(chip->page));
	finish_write(chip);
	nor_chip_drop_command(chip);
	chip->begun = false;
}

/* Takes the chip over from the last process, or makes a new one. */
static void open_state(struct nor_chip *chip,
		       const struct sim_nor_config *config)
{
	chip->memory = config->memory;
	chip->memory_size = sim_nor_memory_size(config);
	chip->state = chip->memory ? chip->memory : &chip->own_state;
	if (chip->memory && can_resume(chip)) {
		if (chip->state->opcode)
			resume_write(chip);
		return;
	}
	if (chip->memory && !config->file)
		nor_store_erase(&chip->store, 0, chip->store.size);
	nor_state_init(chip->state, config->size);
}

static int open_store(struct nor_chip *chip,
		      const struct sim_nor_config *config)
{
	if (!config->memory || config->file)
		return nor_store_open(&chip->store, config->size, config->file);
	nor_store_use(&chip->store, config->size,
		      (uint8_t *)config->memory + STATE_SIZE);
	return 0;
}

size_t sim_nor_memory_size(const struct sim_nor_config *config)
{
	return STATE_SIZE + (config->file ? 0 : config->size);
}

int nor_chip_open(struct nor_chip *chip, const struct sim_nor_config *config)
{
	uint64_t size = config->size;
	int ret;

	if (size < CHIP_MIN || size > CHIP_MAX || size & (size - 1) ||
	    config->id_len > sizeof(chip->id))
		return -EINVAL;
	memset(chip, 0, sizeof(*chip));
	chip->window = malloc(NOR_WINDOW_SIZE);
	if (!chip->window)
		return -ENOMEM;
	ret = open_store(chip, config);
	if (ret) {
		free(chip->window);
		return ret;
	}
	open_state(chip, config);
	nor_sfdp_fill((uint32_t)size, chip->sfdp);
	memcpy(chip->id, config->id, config->id_len);
	chip->id_len = config->id_len;
	if (!chip->id_len)
		chip->id_len = nor_default_id((uint32_t)size, chip->id);
	return 0;
}

void nor_chip_close(struct nor_chip *chip)
{
	nor_chip_deselect(chip);
	nor_store_close(&chip->store);
	if (chip->memory)
		munmap(chip->memory, chip->memory_size);
	free(chip->window);
}
