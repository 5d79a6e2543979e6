/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Chip-select framing: which of a guest's requests make up one SPI message,
 * so between which of them the chip stays selected. docs/framing.md tells why
 * there is more than one answer. Nothing here touches a device.
 */
#ifndef CHIP_SELECT_H
#define CHIP_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/config/guest/device_spec.h"
#include "spi-daemon/framing/table/cs_table.h"

/* What framing has to know of one request. */
struct cs_request {
	unsigned int chip;	      /* index */
	enum cs_framing framing;      /* other than CS_AUTO */
	const struct cs_table *table; /* of CS_TABLE; else NULL */
	bool tx;		      /* sends */
	bool rx;		      /* receives */
	bool cs_change;
	uint8_t opcode; /* the first byte sent, if ->tx */
	uint8_t second; /* the second; 0: there is none */
	uint64_t len;	/* bytes */
};

/* What becomes of it. */
struct cs_plan {
	bool joins;  /* it is a part of the guest's present message */
	bool lost;   /* it would be, but that was cut: it must fail */
	bool keep;   /* the message goes on after it */
	bool defers; /* it only sends, and a table knows that more follows */
	struct cs_place place; /* behind it, if a table knows the message */
};

/*
 * One message of a guest.
 *
 * state  | event                                     | next state
 * -------+-------------------------------------------+-----------------------
 * any    | its last request is done; the guest       | CLOSED
 *        | begins another message, or begins anew    |
 * CLOSED | a first request is deferred               | KEPT
 *        | a first request is done, more follow      | HELD
 * KEPT   | another request is deferred               | KEPT
 *        | the parts are sent with a request, or     | HELD, or CLOSED after
 *        | by themselves                             | the last request
 * HELD   | the rest is late; the parts were kept     | LATE
 *        | the rest is late; they were not           | CUT
 * LATE   | another request is deferred               | KEPT
 *        | the parts are sent again with a request   | HELD or CLOSED
 * any    | a request of the message fails            | CUT
 * CUT    | the guest goes on with it                 | CUT: that fails
 */
enum cs_message {
	CS_CLOSED, /* there is none; no chip is selected */
	CS_KEPT,   /* its parts are kept; the chip has seen nothing */
	CS_HELD,   /* the chip is selected; more is to come */
	CS_LATE,   /* the chip was released; the parts can be sent again */
	CS_CUT,	   /* the chip was released in the middle of the message */
};

/* Zero-initialised: closed. */
struct chip_select {
	enum cs_message message;
	unsigned int chip;     /* whose message it is, unless closed */
	uint8_t opcode;	       /* the message's first byte */
	uint64_t len;	       /* bytes of the message so far */
	struct cs_place place; /* in its command, if a table knows it */
	/* It was cut, and no rule here tells its parts: the next is one. */
	bool foreign;
};

/* Tells what becomes of @request, which is the guest's next. */
struct cs_plan chip_select_plan(const struct chip_select *cs,
				const struct cs_request *request);

/* The request was done as planned. */
void chip_select_done(struct chip_select *cs, const struct cs_request *request,
		      const struct cs_plan *plan);

/* The request, whose plan says ->defers, is kept. The message is not HELD. */
void chip_select_deferred(struct chip_select *cs,
			  const struct cs_request *request,
			  const struct cs_plan *plan);

/* The request failed. If its message was to go on, the rest is lost. */
void chip_select_failed(struct chip_select *cs,
			const struct cs_request *request,
			const struct cs_plan *plan);

/* The message is over. */
void chip_select_close(struct chip_select *cs);

/* The kept parts of a message that is KEPT or LATE are on the wire. */
void chip_select_sent(struct chip_select *cs);

/* The held chip was released; all parts of its message are kept. */
void chip_select_released(struct chip_select *cs);

/*
 * The message cannot go on: the chip was released in the middle, or its kept
 * parts are gone. The next request that would join it is lost.
 */
void chip_select_cut(struct chip_select *cs);

/*
 * The same, of a message that was begun under other rules than those that hold
 * now. The next request for its chip is lost, whatever it is.
 */
void chip_select_cut_foreign(struct chip_select *cs);

/*
 * Finds the place of the message, which has one, in the command that @table has
 * for it, from the message's length alone.
 */
void chip_select_find_place(struct chip_select *cs,
			    const struct cs_table *table);

/*
 * The message in 24 bits, for a back end that goes on after a crash; and back
 * again, as one that was cut if it was not closed. It has no place then.
 */
uint32_t chip_select_note(const struct chip_select *cs);
void chip_select_recover(struct chip_select *cs, uint32_t note);

#endif
