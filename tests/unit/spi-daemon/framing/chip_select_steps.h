/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Requests in a row, and what framing is to make of each. */
#ifndef TEST_CHIP_SELECT_STEPS_H
#define TEST_CHIP_SELECT_STEPS_H

#include <string.h>

#include "spi-daemon/config/key/cs_key.h"
#include "spi-daemon/framing/chip_select.h"

enum cs_event {
	CS_REQUEST = 1, /* done as planned */
	CS_REQUEST_FAILS,
	CS_IS_CUT,
	CS_IS_CLOSED,
};

struct cs_step {
	enum cs_event event; /* 0: no more */
	bool tx, rx, cs_change;
	uint8_t opcode;
	uint64_t len;
	const char *plan; /* any of: joins, lost, keep */
	unsigned int chip;
};

#define CS_STEPS 12

struct cs_case {
	const char *name;
	struct cs_step steps[CS_STEPS];
};

/*
 * Requests, with an opcode or one that is in no table: their length and plan.
 * Of what kind, tx, rx, cs_change, opcode; length, plan, chip.
 */
#define CS_STEP(...)        \
	{                   \
		__VA_ARGS__ \
	}
#define CS_DO(...)    CS_STEP(CS_REQUEST, __VA_ARGS__)
#define CS_FAILS(...) CS_STEP(CS_REQUEST_FAILS, __VA_ARGS__)

#define OP(op, n, p)  CS_DO(true, false, false, op, n, p, 0)
#define TX(n, p)      OP(0xee, n, p)
#define RX(n, p)      CS_DO(false, true, false, 0, n, p, 0)
#define DUPLEX(n, p)  CS_DO(true, true, false, 0xee, n, p, 0)

/* With cs_change */
#define OP_CHANGE(op, n, p) CS_DO(true, false, true, op, n, p, 0)
#define TX_CHANGE(n, p)	    OP_CHANGE(0xee, n, p)
#define RX_CHANGE(n, p)	    CS_DO(false, true, true, 0, n, p, 0)

/* On chip 1 */
#define TX1(n, p)	 CS_DO(true, false, false, 0xee, n, p, 1)
#define RX1(n, p)	 CS_DO(false, true, false, 0, n, p, 1)
#define TX1_CHANGE(n, p) CS_DO(true, false, true, 0xee, n, p, 1)

/* That fail */
#define OP_FAILS(op, n, p)    CS_FAILS(true, false, false, op, n, p, 0)
#define TX_FAILS(n, p)	      OP_FAILS(0xee, n, p)
#define RX_FAILS(n, p)	      CS_FAILS(false, true, false, 0, n, p, 0)
#define DUPLEX_FAILS(n, p)    CS_FAILS(true, true, false, 0xee, n, p, 0)
#define TX_CHANGE_FAILS(n, p) CS_FAILS(true, false, true, 0xee, n, p, 0)
#define RX_CHANGE_FAILS(n, p) CS_FAILS(false, true, true, 0, n, p, 0)

#define CUT                        \
	{                          \
		.event = CS_IS_CUT \
	}
#define CLOSE                         \
	{                             \
		.event = CS_IS_CLOSED \
	}

static inline void cs_plan_check(const struct cs_case *c, size_t at,
				 const struct cs_plan *plan)
{
	const char *want = c->steps[at].plan;
	char got[4], *end = got;

	if (plan->joins)
		*end++ = 'j';
	if (plan->lost)
		*end++ = 'l';
	if (plan->keep)
		*end++ = 'k';
	*end = '\0';
	if (strcmp(got, want))
		fail_msg("%s, step %zu: \"%s\", not \"%s\"", c->name, at, got,
			 want);
}

/* @framing is a value of cs=. */
static inline void cs_case_run(const char *framing, const struct cs_case *c)
{
	struct chip_select cs = { 0 };
	struct device_spec spec = { .path = NULL };
	char error[256];

	assert_int_equal(cs_key(&spec, framing), 0);
	if (cs_key_finish(&spec, error, sizeof(error)))
		fail_msg("%s", error);

	for (size_t i = 0; i < CS_STEPS && c->steps[i].event; i++) {
		const struct cs_step *step = &c->steps[i];
		struct cs_request request = {
			.chip = step->chip,
			.framing = spec.framing,
			.table = spec.table,
			.tx = step->tx,
			.rx = step->rx,
			.cs_change = step->cs_change,
			.opcode = step->opcode,
			.len = step->len,
		};
		struct cs_plan plan;

		if (step->event == CS_IS_CUT) {
			chip_select_cut(&cs);
			continue;
		}
		if (step->event == CS_IS_CLOSED) {
			chip_select_close(&cs);
			continue;
		}
		plan = chip_select_plan(&cs, &request);
		cs_plan_check(c, i, &plan);
		/* What is lost is never done: it fails. */
		if (plan.lost || step->event == CS_REQUEST_FAILS)
			chip_select_failed(&cs, &request, &plan);
		else
			chip_select_done(&cs, &request, &plan);
	}
	device_spec_free(&spec);
}

#endif
