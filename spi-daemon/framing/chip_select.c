/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <stddef.h>

#include "spi-daemon/framing/chip_select.h"

/* The write of a write-then-read: the read may follow. */
static bool linux_keeps(const struct cs_request *request)
{
	return request->tx && !request->rx && !request->cs_change;
}

/* Returns true if @request continues the message, provided that it is open. */
static bool would_join(const struct chip_select *cs,
		       const struct cs_request *request)
{
	if (request->chip != cs->chip)
		return false;
	if (cs->message == CS_CUT && cs->foreign)
		return true;
	switch (request->framing) {
	case CS_LINUX:
		return request->rx && !request->tx;
	case CS_TABLE:
		/* A command that is in no table is framed as linux does. */
		return cs_table_find(request->table, cs->opcode) ||
		       (request->rx && !request->tx);
	case CS_SPEC:
	case CS_TRANSFER:
		return true;
	case CS_AUTO: /* a request has what it stands for */
		break;
	}
	return false;
}

/*
 * Returns the command of the message that @request continues, or begins; NULL
 * if no table knows it.
 */
static const struct cs_command *find_command(const struct chip_select *cs,
					     const struct cs_request *request,
					     bool joins)
{
	if (joins)
		return cs_table_find(request->table, cs->opcode);
	return request->tx ? cs_table_find(request->table, request->opcode)
			   : NULL;
}

/* Moves @place, which is that of a message of @command, behind @request. */
static bool table_keeps(const struct cs_request *request,
			const struct cs_command *command,
			struct cs_place *place)
{
	if (!command)
		return linux_keeps(request);
	return cs_command_step(command, place, request->len, request->rx) &&
	       !request->cs_change;
}

static bool keeps(const struct cs_request *request,
		  const struct cs_command *command, struct cs_place *place)
{
	switch (request->framing) {
	case CS_LINUX:
		return linux_keeps(request);
	case CS_TABLE:
		return table_keeps(request, command, place);
	case CS_SPEC:
		return !request->cs_change;
	case CS_TRANSFER:
		return request->cs_change;
	case CS_AUTO:
		break;
	}
	return false;
}

struct cs_plan chip_select_plan(const struct chip_select *cs,
				const struct cs_request *request)
{
	bool joins = cs->message != CS_CLOSED && would_join(cs, request);
	const struct cs_command *command = find_command(cs, request, joins);
	struct cs_place place = joins ? cs->place
				      : (struct cs_place){ .part = 0 };
	bool keep = keeps(request, command, &place);

	return (struct cs_plan){
		.joins = joins && cs->message != CS_CUT,
		.lost = joins && cs->message == CS_CUT,
		.keep = keep,
		.defers = keep && !request->rx && command && !command->held,
		.place = place,
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
	cs->place = plan->place;
	cs->foreign = false;
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

void chip_select_cut_foreign(struct chip_select *cs)
{
	chip_select_cut(cs);
	cs->foreign = true;
}

void chip_select_find_place(struct chip_select *cs,
			    const struct cs_table *table)
{
	const struct cs_command *command = cs_table_find(table, cs->opcode);

	cs->place = (struct cs_place){ .part = 0 };
	if (command)
		cs_command_step(command, &cs->place, cs->len, false);
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
