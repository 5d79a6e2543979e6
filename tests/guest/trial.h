/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A driver of the guest's kernel is tried with a chip that answers: whether it
 * takes the chip, whether what it does with it is right, and whether the chip
 * saw the SPI messages that the driver meant.
 *
 * Except where it says otherwise, a function fails the running cmocka test, or
 * ends the program, when it cannot do its work.
 */
#ifndef TESTS_GUEST_TRIAL_H
#define TESTS_GUEST_TRIAL_H

#include <stdbool.h>

#include "tests/guest/guest.h"
#include "tests/guest/messages.h"
#include "tests/lib/daemon/daemon.h"

#define TRIALS_MAX 96

struct trial {
	const char *module; /* the driver's; NULL: it is there already */
	/* For spi_board: MODALIAS[:HZ[:MODE[:PROPERTY...]]] */
	const char *board;
	/*
	 * "sim:..." with the keys that the chip needs, or a program and its
	 * arguments, which gets the path of a socket as its first one
	 */
	const char *chip;
	const char *framing; /* cs=; NULL: the default */
	/* A shell command in the guest; $CHIP is the chip in its sysfs. */
	const char *check;
};

struct trial_result {
	char driver[64];   /* that took the chip; "": none did */
	int status;	   /* of the check; -1: it did not end */
	char output[1024]; /* of it, cut off */
	char log[2048];	   /* of the guest's kernel, cut off */
	char fault[256];   /* of the guest's kernel; "": none */
	bool as_meant;	   /* the messages are equal */
	char detail[256];  /* the first that are not */
};

struct trials {
	const struct trial *list;
	unsigned int count;
	struct daemon daemon;
	struct guest *guest;
	/* Of the last trial */
	struct messages meant, seen;
};

/*
 * Starts a daemon for @count chips, and a guest. @guest may be NULL or say more
 * of the guest; it and @list have to stay.
 */
void trials_start(struct trials *t, const struct trial *list,
		  unsigned int count, const struct guest_config *guest);

/* Runs trial @index. A chip that is a program lives that long. */
void trials_run(struct trials *t, unsigned int index,
		struct trial_result *result);

/* Returns the file to which messages of trial @index were written. */
const char *trials_trace(const struct trials *t, unsigned int index);

/* Ends all. Does nothing if trials_start() was not called. */
void trials_stop(struct trials *t);

/* The driver took the chip, the check is right, and the messages are. */
bool trial_is_good(const struct trial_result *result);

#endif
