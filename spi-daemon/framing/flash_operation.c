/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/framing/flash_operation.h"
#include "spi-daemon/framing/spi_piece.h"

/* How often a chip that works is asked whether it is ready. */
#define LOOK_NS NS_PER_MS

/* What is read when no chip answers. */
#define NO_ANSWER 0xff

static void enter(struct operation *operation, enum operation_state state,
		  uint64_t now)
{
	operation->state = state;
	operation->since = now;
}

static bool is_working(const struct operation *operation)
{
	return operation->state == OPERATION_BUSY ||
	       operation->state == OPERATION_LOADS ||
	       operation->state == OPERATION_LEFT;
}

/* A byte for byte transfer on one line, as flash chips understand it. */
static struct spi_piece plain_piece(const struct spi_head *head,
				    const struct chip *chip)
{
	struct spi_head plain = {
		.bits_per_word = 8,
		.mode = head->mode,
		.freq = head->freq,
	};

	return spi_piece_make(&plain, chip);
}

/*
 * Asks the chip for its status. Returns true if it says that it is ready. One
 * that may have gone to sleep in an earlier process does not say anything.
 */
static bool is_ready(const struct chip *chip)
{
	const struct operation *operation = &chip->handle->operation;
	const struct cs_table *table = chip_table(chip);
	uint8_t cmd[2], answer = 0;
	struct spi_piece receive = plain_piece(&operation->head, chip);
	struct spi_piece send = receive;

	send.tx = cmd;
	send.len = cs_table_status_command(table, cmd);
	send.next = &receive;
	receive.rx = &answer;
	receive.len = 1;
	if (spi_device_transfer(chip->handle->dev, &send) < 0)
		return false;
	if (operation->state == OPERATION_LEFT && answer == NO_ANSWER)
		return true;
	return !cs_command_says_busy(cs_table_find(table, cmd[0]), cmd, answer);
}

/*
 * Another guest's operation: when this one may look again, or 0 if it may have
 * the chip now.
 */
static uint64_t lease_ends(const struct chip *chip, struct guest_log *log,
			   uint64_t now)
{
	const struct device_spec *spec = chip->spec;
	const struct operation *operation = &chip->handle->operation;
	uint64_t lease = operation->touched + spec->cs_hold_ms * NS_PER_MS;
	uint64_t most = operation->since + spec->op_max_ms * NS_PER_MS;

	if (!is_working(operation)) {
		most = operation->since + spec->max_message_ms * NS_PER_MS;
		if (most < lease)
			lease = most;
		return now < lease ? lease : 0;
	}
	if (now < lease)
		return lease;
	if (is_ready(chip))
		return 0;
	if (now < most)
		return most - now < LOOK_NS ? most : now + LOOK_NS;
	guest_log_warning(log,
			  "%s: the chip is still busy after op-max: it is used "
			  "all the same",
			  spec->path);
	return 0;
}

/* Sends the write enable again that another guest has used up. */
static void open_again(const struct flash_message *message, uint64_t now)
{
	struct chip *chip = message->chip;
	struct spi_piece piece = plain_piece(message->head, chip);

	piece.tx = &chip->own.opener;
	piece.len = 1;
	if (spi_device_transfer(chip->handle->dev, &piece) < 0)
		return; /* and so will the message itself fail */
	enter(&chip->handle->operation, OPERATION_OPEN, now);
	chip->handle->operation.owner = message->guest;
	chip->own.state = OPERATION_OPEN;
}

/*
 * Another guest had the chip in the middle of this one's operation, or in the
 * middle of what may have been one before this process began.
 */
static void note_loss(struct own_operation *own)
{
	own->lost = own->uses_cache || own->state == OPERATION_LOADS ||
		    own->state == OPERATION_CACHE ||
		    own->state == OPERATION_FOUND;
	own->state = OPERATION_NONE;
}

/* The chip is this guest's, but it may have been another's in between. */
static enum flash_admission go_on(const struct flash_message *message,
				  uint64_t now)
{
	struct own_operation *own = &message->chip->own;
	enum cs_effect effect = message->op ? message->op->effect : EFFECT_NONE;

	if (effect != EFFECT_STARTS && effect != EFFECT_USES_CACHE)
		return FLASH_ADMITTED;
	if (own->lost) {
		*own = (struct own_operation){ .lost = false };
		return FLASH_LOST;
	}
	if (own->opener && own->state == OPERATION_NONE)
		open_again(message, now);
	return FLASH_ADMITTED;
}

/* Returns true if the chip may work, and not for the guest of @message. */
static bool is_kept_from(const struct operation *operation,
			 const struct flash_message *message)
{
	if (operation_is_free(operation))
		return false;
	/* It may be that guest who waits until the chip is ready. */
	if (operation->state == OPERATION_LEFT)
		return !message->op || message->op->effect != EFFECT_STATUS;
	return operation->owner != message->guest;
}

/* No guest's operation is on the chip any more. */
static void end_operation(struct operation *operation, uint64_t now)
{
	enter(operation,
	      operation->state == OPERATION_LEFT ? OPERATION_FOUND
						 : OPERATION_NONE,
	      now);
}

static bool begins_another(const struct cs_command *op)
{
	return op && (op->effect == EFFECT_OPENS || op->effect == EFFECT_LOADS);
}

enum flash_admission flash_operation_admit(const struct flash_message *message,
					   struct guest_log *log, uint64_t now,
					   uint64_t *until)
{
	struct chip *chip = message->chip;
	struct operation *operation = &chip->handle->operation;

	if (is_kept_from(operation, message)) {
		if (operation->state == OPERATION_LEFT)
			operation->head = *message->head;
		*until = lease_ends(chip, log, now);
		if (*until)
			return FLASH_WAITS;
		end_operation(operation, now);
	}
	if (chip->own.state != OPERATION_NONE &&
	    !operation_is_intact(operation, &chip->own, message->guest))
		note_loss(&chip->own);
	if (operation->state == OPERATION_CACHE &&
	    begins_another(message->op)) {
		enter(operation, OPERATION_NONE, now);
		chip->own.state = OPERATION_NONE;
		return FLASH_YIELDS;
	}
	return go_on(message, now);
}

/* The operation when the chip says that it is ready. */
static enum operation_state ready_state(enum operation_state state)
{
	switch (state) {
	case OPERATION_BUSY:
		return OPERATION_NONE;
	case OPERATION_LOADS:
		return OPERATION_CACHE;
	case OPERATION_LEFT:
		return OPERATION_FOUND;
	default:
		return state;
	}
}

/* The operation after a message with @effect; @busy is its answer. */
static enum operation_state next_state(enum operation_state state,
				       enum cs_effect effect, bool busy)
{
	switch (effect) {
	case EFFECT_OPENS:
		return OPERATION_OPEN;
	case EFFECT_STARTS:
	case EFFECT_RESETS:
		return OPERATION_BUSY;
	case EFFECT_LOADS:
		return OPERATION_LOADS;
	case EFFECT_CLOSES:
		return state == OPERATION_OPEN || state == OPERATION_FOUND
			       ? OPERATION_NONE
			       : state;
	case EFFECT_STATUS:
		return busy ? state : ready_state(state);
	case EFFECT_USES_CACHE:
	case EFFECT_NONE:
		break;
	}
	return state;
}

bool flash_operation_done(const struct flash_message *message,
			  const uint8_t header[2], uint8_t answer, uint64_t now)
{
	struct operation *operation = &message->chip->handle->operation;
	struct own_operation *own = &message->chip->own;
	const struct cs_command *op = message->op;
	enum operation_state before = operation->state, state;
	const bool was_free = operation_is_free(operation);
	bool is_owned;

	if (!op)
		return false;
	state = next_state(before, op->effect,
			   op->effect == EFFECT_STATUS &&
				   cs_command_says_busy(op, header, answer));
	if (op->effect == EFFECT_USES_CACHE)
		own->uses_cache |= before == OPERATION_OPEN;
	else if (op->effect != EFFECT_STATUS && op->effect != EFFECT_NONE)
		*own = (struct own_operation){
			.opener = op->effect == EFFECT_OPENS ? op->value : 0,
		};
	if (state != before)
		enter(operation, state, now);
	is_owned = state != OPERATION_LEFT && state != OPERATION_FOUND;
	own->state = is_owned ? state : OPERATION_FOUND;
	operation->owner = is_owned ? message->guest : 0;
	operation->touched = now;
	operation->head = *message->head;
	return !was_free && operation_is_free(operation);
}
