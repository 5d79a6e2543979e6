/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The chips that answer, and what the drivers of the guest's kernel do. */
#ifndef TESTS_GUEST_ANSWERS_H
#define TESTS_GUEST_ANSWERS_H

#include <stddef.h>

#include "tests/guest/trial.h"

struct answer {
	const char *part;    /* the chip */
	const char *job;     /* what the check of the trial sees to */
	const char *framing; /* that serves the driver */
	bool by_auto;	     /* cs=auto does, too, and is tried */
	bool auto_is_late;   /* but the first messages are not as meant then */
	/* Why messages are not as meant then, and the driver works; NULL */
	const char *but;
	bool but_patched; /* nor are they with a patched guest */
	/* Why the driver cannot work; NULL: it does */
	const char *broken;
	struct trial trial;
};

extern const struct answer answers[];
extern const size_t answer_count;

#endif
