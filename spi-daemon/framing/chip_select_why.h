/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A decision of chip-select framing in words, for traces. */
#ifndef CHIP_SELECT_WHY_H
#define CHIP_SELECT_WHY_H

#include "spi-daemon/framing/chip_select.h"

/* Constant texts */
struct cs_words {
	const char *framing; /* cs=: linux, table, spec or transfer */
	const char *message; /* new, joins or lost */
	const char *after;   /* releases, keeps or defers */
	const char *why;
};

/*
 * The words for @plan of @request; @cs is the message as it was when the plan
 * was made.
 */
struct cs_words chip_select_why(const struct chip_select *cs,
				const struct cs_request *request,
				const struct cs_plan *plan);

#endif
