/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Processes beside this one that do what its sandbox keeps it from */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>

struct helper {
	const char *name; /* of the process, up to 15 bytes */
	bool apart;	  /* is to be no child of this process */
	void (*confine)(const void *arg); /* called first, with ->arg */
	const void *arg;
	/* Answers at @fd until the other end is closed. */
	void (*serve)(int fd);
};

/*
 * Starts a process that has one end of a pair of sockets (SOCK_SEQPACKET) and
 * /dev/null, and ends when serve() returns. Call this before threads are made.
 * Returns the other end, which the caller owns, or a negative errno.
 */
int helper_start(const struct helper *helper);

#endif
