/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Which SPI messages a driver in the guest meant to send, and which ones the
 * chip saw: the lengths of the transfers between two edges of chip select.
 */
#ifndef TESTS_GUEST_MESSAGES_H
#define TESTS_GUEST_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#define MESSAGES_MAX 4096

struct messages {
	unsigned int count;
	/* Of each, the lengths, in bytes, with a blank before each; cut off */
	char text[MESSAGES_MAX][128];
	bool failed[MESSAGES_MAX]; /* in the guest */
	unsigned long bytes;	   /* of those that have not */
};

void messages_clear(struct messages *m);

/* Adds a transfer to the message that is not at its end. */
void messages_add_transfer(struct messages *m, unsigned int len);

/* Ends that message. A message without transfers is none. */
void messages_end(struct messages *m);

/*
 * Fills @m with what a driver meant, from the output of try-driver, which is
 * cut into lines.
 */
void messages_read_output(struct messages *m, char *output);

/* Fills @m with what a chip saw, from the daemon's trace of it at @path. */
void messages_read_trace(struct messages *m, const char *path);

/* How many have several transfers, and how many have failed in the guest */
unsigned int messages_count_several(const struct messages *m);
unsigned int messages_count_failed(const struct messages *m);

/*
 * Compares what a driver meant with what the chip saw. Of a message that failed
 * the chip may have seen a part, or nothing. Returns true if the rest is equal;
 * or says in @detail what is not.
 */
bool messages_compare(const struct messages *meant, const struct messages *seen,
		      char *detail, size_t size);

#endif
