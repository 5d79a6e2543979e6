/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The limit on file descriptors, and how many the daemon needs. */
#ifndef FD_LIMIT_H
#define FD_LIMIT_H

#include <stddef.h>

/* Of the daemon itself: stdio, host devices, and a few spare ones. */
#define FD_LIMIT_BASE 40

/*
 * Of each guest: listener, wake-up, end, socket, kick, call, error, log, state,
 * the back end's channel.
 */
#define FD_LIMIT_GUEST 10

/*
 * What a front end can make the daemon hold for a moment in addition: the
 * descriptors of two messages, some that are about to be closed, an inflight
 * file, a second front end that is about to be refused.
 */
#define FD_LIMIT_BURST 32

/*
 * Raises the soft limit (RLIMIT_NOFILE) to the hard limit, and checks that it
 * is enough for @guests guests. Returns 0 if it is; @text then has one line if
 * hostile front ends could still use up the descriptors, or is "". Returns
 * -EMFILE with one line in @text if the limit is too low.
 */
int fd_limit_raise(unsigned int guests, char *text, size_t text_size);

#endif
