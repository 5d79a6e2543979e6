/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Traffic that runs in the background of a guest and counts what it does: the
 * soak commands of tests/guest/tools. For use inside a cmocka test.
 */
#ifndef TESTS_GUEST_SOAK_H
#define TESTS_GUEST_SOAK_H

#include "tests/guest/lab.h"

/* Operations since the start */
struct soak_counts {
	unsigned long done;
	unsigned long failed; /* with an error that the guest's program saw */
	unsigned long wrong;  /* without an error, but with wrong bytes */
};

struct soak {
	struct lab *lab;
	struct guest *guest;
	const char *name;	   /* of files in the guest's /run */
	struct soak_counts counts; /* when they were last read */
};

/*
 * Starts "guest-spi @command @device REPORT @args" in @g under a name that no
 * other soak in this guest has, and waits for its first operation.
 */
void soak_start(struct soak *s, struct lab *lab, struct guest *g,
		const char *name, const char *command, const char *device,
		const char *args);

/*
 * Waits until another operation is over, done or failed, and updates the
 * counts. Fails the test if none is within SHORT_S, or one gave wrong bytes.
 */
void soak_check_progress(struct soak *s);

/* Updates the counts. Fails the test if an operation gave wrong bytes. */
void soak_read(struct soak *s);

/* Prints the counts of two, after @events of @what. */
void soak_show(int events, const char *what, const struct soak *a,
	       const struct soak *b);

/* Asks it to end, waits until it has, and updates the counts. */
void soak_stop(struct soak *s);

/* Waits for the end of one that ends by itself, and updates the counts. */
void soak_wait(struct soak *s, int timeout_s);

#endif
