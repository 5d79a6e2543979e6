/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <stddef.h>

#include "spi-daemon/framing/chip_select.h"
#include "spi-daemon/framing/flash_ops.h"

/* The write of a write-then-read: the read may follow. */
static bool linux_keeps(const struct cs_request *request)
{
	return request->tx && !request->rx && !request->cs_change;
}

/*
 * Returns the table's row of the message that @request is a part of; NULL if
 * no table knows the message. @opcode is the message's first byte.
 */
static const struct flash_op *find_op(const struct cs_request *request,
				      uint8_t opcode)
{
	return flash_ops_find(request->framing, opcode);
}

/* @before: the message's bytes ahead of this request. */
static bool flash_keeps(const struct cs_request *request, uint8_t opcode,
			uint64_t before)
{
	const struct flash_op *op = find_op(request, opcode);

	if (request->rx || request->cs_change)
		return false;
	return op ? flash_op_goes_on(op, before, request->len)
		  : linux_keeps(request);
}

/* Returns true if @request continues the message, provided that it is open. */
static bool would_join(const struct chip_select *cs,
		       const struct cs_request *request)
{
	if (request->chip != cs->chip)
		return false;
	switch (request->framing) {
	case CS_LINUX:
		return request->rx && !request->tx;
	case CS_NOR:
	case CS_NAND:
	case CS_EEPROM:
		/* An opcode that we do not know is framed as linux does. */
		return find_op(request, cs->opcode) ||
		       (request->rx && !request->tx);
	case CS_SPEC:
	case CS_TRANSFER:
		return true;
	}
	return false;
}

static bool keeps(const struct chip_select *cs,
		  const struct cs_request *request, bool joins)
{
	switch (request->framing) {
	case CS_LINUX:
		return linux_keeps(request);
	case CS_NOR:
	case CS_NAND:
	case CS_EEPROM:
		return flash_keeps(request,
				   joins ? cs->opcode : request->opcode,
				   joins ? cs->len : 0);
	case CS_SPEC:
		return !request->cs_change;
	case CS_TRANSFER:
		return request->cs_change;
	}
	return false;
}

struct cs_plan chip_select_plan(const struct chip_select *cs,
				const struct cs_request *request)
{
	bool joins = cs->message != CS_CLOSED && would_join(cs, request);
	bool keep = keeps(cs, request, joins);
	uint8_t opcode = joins ? cs->opcode : request->opcode;

	return (struct cs_plan){
		.joins = joins && cs->message != CS_CUT,
		.lost = joins && cs->message == CS_CUT,
		.keep = keep,
		.defers = keep && !request->rx && find_op(request, opcode),
	};
}

/* Takes the request into the message; @message is what becomes of that. */
static void add_request(struct chip_select *cs,
			const struct cs_request *request,
			const struct cs_plan *plan, enum cs_message message)
{
	if (!plan->joins && !plan->lost) {
		cs->chip = request->chip;
		cs->opcode = request->opcode;
		cs->len = 0;
	}
	cs->message = message;
	cs->len += request->len;
}

void chip_select_done(struct chip_select *cs, const struct cs_request *request,
		      const struct cs_plan *plan)
{
	add_request(cs, request, plan, plan->keep ? CS_HELD : CS_CLOSED);
}

void chip_select_deferred(struct chip_select *cs,
			  const struct cs_request *request,
			  const struct cs_plan *plan)
{
	assert(plan->defers && cs->message != CS_HELD);
	add_request(cs, request, plan, CS_KEPT);
}

void chip_select_failed(struct chip_select *cs,
			const struct cs_request *request,
			const struct cs_plan *plan)
{
	add_request(cs, request, plan, plan->keep ? CS_CUT : CS_CLOSED);
}

void chip_select_close(struct chip_select *cs)
{
	cs->message = CS_CLOSED;
}

void chip_select_sent(struct chip_select *cs)
{
	assert(cs->message == CS_KEPT || cs->message == CS_LATE);
	cs->message = CS_HELD;
}

void chip_select_released(struct chip_select *cs)
{
	assert(cs->message == CS_HELD);
	cs->message = CS_LATE;
}

void chip_select_cut(struct chip_select *cs)
{
	if (cs->message != CS_CLOSED)
		cs->message = CS_CUT;
}

/* Bits of a note: chip, opcode, length, and whether there is a message. */
#define NOTE_CHIP   0
#define NOTE_OPCODE 8
#define NOTE_LEN    16
#define NOTE_GOES   23
/* No command's header is as long, and only headers count. */
#define NOTE_MAX_LEN 127u

uint32_t chip_select_note(const struct chip_select *cs)
{
	uint32_t len = cs->len < NOTE_MAX_LEN ? (uint32_t)cs->len
					      : NOTE_MAX_LEN;

	if (cs->message == CS_CLOSED)
		return 0;
	return 1u << NOTE_GOES | len << NOTE_LEN |
	       (uint32_t)cs->opcode << NOTE_OPCODE | cs->chip << NOTE_CHIP;
}

void chip_select_recover(struct chip_select *cs, uint32_t note)
{
	*cs = (struct chip_select){
		.message = note >> NOTE_GOES & 1 ? CS_CUT : CS_CLOSED,
		.chip = note >> NOTE_CHIP & 0xff,
		.opcode = (uint8_t)(note >> NOTE_OPCODE),
		.len = note >> NOTE_LEN & NOTE_MAX_LEN,
	};
}
