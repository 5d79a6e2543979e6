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

/* What framing has to know of one request. */
struct cs_request {
	unsigned int chip; /* index */
	enum cs_framing framing;
	bool tx; /* sends */
	bool rx; /* receives */
	bool cs_change;
	uint8_t opcode; /* the first byte sent, if ->tx */
	uint64_t len;	/* bytes */
};

/* What becomes of it. */
struct cs_plan {
	bool joins; /* goes on with the open message */
	bool lost;  /* would, but that was cut short: must fail */
	bool keep;  /* the chip stays selected after it */
};

enum cs_message {
	CS_CLOSED, /* no message: no chip is selected */
	CS_OPEN,   /* a chip is selected, more is to come */
	CS_CUT,	   /* was open; the chip was released too early */
};

/* One guest's message. Zero-initialised: closed. */
struct chip_select {
	enum cs_message message;
	unsigned int chip; /* whose message it is, unless closed */
	uint8_t opcode;	   /* the message's first byte */
	uint64_t len;	   /* bytes of the message so far */
};

/* Tells what becomes of @request, which is the guest's next. */
struct cs_plan chip_select_plan(const struct chip_select *cs,
				const struct cs_request *request);

/* The request was done as planned. */
void chip_select_done(struct chip_select *cs, const struct cs_request *request,
		      const struct cs_plan *plan);

/*
 * The request was to be done as planned, and failed. If its message was to go
 * on, the rest of it is lost.
 */
void chip_select_failed(struct chip_select *cs,
			const struct cs_request *request,
			const struct cs_plan *plan);

/* The message is over. */
void chip_select_close(struct chip_select *cs);

/*
 * The chip was released although the guest may think it selected. The next
 * request that would join the message is lost.
 */
void chip_select_cut(struct chip_select *cs);

/*
 * The message in 24 bits, for who goes on after a crash; and back again, as
 * one that was cut if it was not closed.
 */
uint32_t chip_select_note(const struct chip_select *cs);
void chip_select_recover(struct chip_select *cs, uint32_t note);

#endif
