/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>

#include "spi-daemon/transfer/chip_select.h"

/* How a flash command's message goes on behind its opcode. */
enum flash_kind {
	COMMAND,  /* not at all */
	READ,	  /* until something was received */
	ARGUMENT, /* with one more part: an address, or a register's value */
	PROGRAM,  /* with an address, then data */
};

struct flash_op {
	uint8_t opcode;
	enum flash_kind kind;
	uint8_t addr; /* bytes of address, for PROGRAM */
};

/* JEDEC SPI NOR, with what Linux's spi-nor sends to chips of all makers. */
static const struct flash_op nor_ops[] = {
	{ 0x06, COMMAND, 0 },  { 0x04, COMMAND, 0 },  { 0x50, COMMAND, 0 },
	{ 0xc7, COMMAND, 0 },  { 0x60, COMMAND, 0 },  { 0x66, COMMAND, 0 },
	{ 0x99, COMMAND, 0 },  { 0xf0, COMMAND, 0 },  { 0xb7, COMMAND, 0 },
	{ 0xe9, COMMAND, 0 },  { 0xb9, COMMAND, 0 },  { 0xab, COMMAND, 0 },
	{ 0x30, COMMAND, 0 },  { 0x75, COMMAND, 0 },  { 0x7a, COMMAND, 0 },
	{ 0x98, COMMAND, 0 },  { 0x7e, COMMAND, 0 },  { 0x9f, READ, 0 },
	{ 0x9e, READ, 0 },     { 0x05, READ, 0 },     { 0x35, READ, 0 },
	{ 0x15, READ, 0 },     { 0x70, READ, 0 },     { 0x3f, READ, 0 },
	{ 0x65, READ, 0 },     { 0x5a, READ, 0 },     { 0x4b, READ, 0 },
	{ 0x48, READ, 0 },     { 0x85, READ, 0 },     { 0xb5, READ, 0 },
	{ 0xc8, READ, 0 },     { 0x16, READ, 0 },     { 0x2b, READ, 0 },
	{ 0x03, READ, 0 },     { 0x0b, READ, 0 },     { 0x3b, READ, 0 },
	{ 0x6b, READ, 0 },     { 0xbb, READ, 0 },     { 0xeb, READ, 0 },
	{ 0x8b, READ, 0 },     { 0xcb, READ, 0 },     { 0x13, READ, 0 },
	{ 0x0c, READ, 0 },     { 0x3c, READ, 0 },     { 0x6c, READ, 0 },
	{ 0xbc, READ, 0 },     { 0xec, READ, 0 },     { 0x7c, READ, 0 },
	{ 0xcc, READ, 0 },     { 0x01, ARGUMENT, 0 }, { 0x31, ARGUMENT, 0 },
	{ 0x11, ARGUMENT, 0 }, { 0x81, ARGUMENT, 0 }, { 0xb1, ARGUMENT, 0 },
	{ 0xc5, ARGUMENT, 0 }, { 0x17, ARGUMENT, 0 }, { 0x20, ARGUMENT, 0 },
	{ 0x21, ARGUMENT, 0 }, { 0x52, ARGUMENT, 0 }, { 0x5c, ARGUMENT, 0 },
	{ 0xd8, ARGUMENT, 0 }, { 0xdc, ARGUMENT, 0 }, { 0xd7, ARGUMENT, 0 },
	{ 0x44, ARGUMENT, 0 }, { 0x02, PROGRAM, 3 },  { 0x32, PROGRAM, 3 },
	{ 0xa2, PROGRAM, 3 },  { 0xd2, PROGRAM, 3 },  { 0x38, PROGRAM, 3 },
	{ 0x82, PROGRAM, 3 },  { 0xc2, PROGRAM, 3 },  { 0x42, PROGRAM, 3 },
	{ 0x71, PROGRAM, 3 },  { 0x12, PROGRAM, 4 },  { 0x34, PROGRAM, 4 },
	{ 0x3e, PROGRAM, 4 },  { 0x84, PROGRAM, 4 },  { 0x8e, PROGRAM, 4 },
};

/* SPI NAND, as Linux's spinand sends it. */
static const struct flash_op nand_ops[] = {
	{ 0x06, COMMAND, 0 },  { 0x04, COMMAND, 0 },  { 0xff, COMMAND, 0 },
	{ 0x9f, READ, 0 },     { 0x0f, READ, 0 },     { 0x03, READ, 0 },
	{ 0x0b, READ, 0 },     { 0x3b, READ, 0 },     { 0x6b, READ, 0 },
	{ 0xbb, READ, 0 },     { 0xeb, READ, 0 },     { 0x8b, READ, 0 },
	{ 0xcb, READ, 0 },     { 0x13, ARGUMENT, 0 }, { 0x10, ARGUMENT, 0 },
	{ 0xd8, ARGUMENT, 0 }, { 0x1f, PROGRAM, 1 },  { 0x02, PROGRAM, 2 },
	{ 0x84, PROGRAM, 2 },  { 0x32, PROGRAM, 2 },  { 0x34, PROGRAM, 2 },
	{ 0xc4, PROGRAM, 2 },  { 0x82, PROGRAM, 2 },  { 0xc2, PROGRAM, 2 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct flash_op *find_op(enum cs_framing framing, uint8_t opcode)
{
	const struct flash_op *ops = framing == CS_NOR ? nor_ops : nand_ops;
	size_t count = framing == CS_NOR ? COUNT(nor_ops) : COUNT(nand_ops);

	for (size_t i = 0; i < count; i++)
		if (ops[i].opcode == opcode)
			return &ops[i];
	return NULL;
}

/* The write of a write-then-read: the read may follow. */
static bool linux_keeps(const struct cs_request *request)
{
	return request->tx && !request->rx && !request->cs_change;
}

/*
 * Is a program command complete up to its data, but without data? A NOR chip
 * may be in its 4-byte mode; then it is the length of the part with the
 * address that shows it.
 */
static bool data_is_missing(const struct flash_op *op, uint64_t before,
			    uint64_t after)
{
	uint64_t header = 1u + op->addr;

	return after <= header ||
	       (op->addr == 3 && before < header && after == header + 1);
}

/* @before: the message's bytes ahead of this request. */
static bool flash_keeps(const struct cs_request *request, uint8_t opcode,
			uint64_t before)
{
	const struct flash_op *op = find_op(request->framing, opcode);
	uint64_t after = before + request->len;

	if (request->rx || request->cs_change)
		return false;
	if (!op)
		return linux_keeps(request);

	switch (op->kind) {
	case COMMAND:
		return false;
	case READ:
		return true;
	case ARGUMENT:
		return after == 1;
	case PROGRAM:
		return data_is_missing(op, before, after);
	}
	return false;
}

/* Does @request go on with the message, should that be open? */
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
		/* An opcode that we do not know is framed as linux does. */
		return find_op(request->framing, cs->opcode) ||
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

	return (struct cs_plan){
		.joins = joins && cs->message == CS_OPEN,
		.lost = joins && cs->message == CS_CUT,
		.keep = keeps(cs, request, joins),
	};
}

void chip_select_done(struct chip_select *cs, const struct cs_request *request,
		      const struct cs_plan *plan)
{
	if (!plan->keep) {
		chip_select_close(cs);
		return;
	}
	if (!plan->joins && !plan->lost) {
		cs->chip = request->chip;
		cs->opcode = request->opcode;
		cs->len = 0;
	}
	cs->message = CS_OPEN;
	cs->len += request->len;
}

void chip_select_failed(struct chip_select *cs,
			const struct cs_request *request,
			const struct cs_plan *plan)
{
	chip_select_done(cs, request, plan);
	chip_select_cut(cs);
}

void chip_select_close(struct chip_select *cs)
{
	cs->message = CS_CLOSED;
}

void chip_select_cut(struct chip_select *cs)
{
	if (cs->message == CS_OPEN)
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
