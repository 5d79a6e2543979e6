/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How many descriptors the daemon may have, and how many it needs. */
#ifndef FD_LIMIT_H
#define FD_LIMIT_H

#include <stddef.h>

/* What is there besides guests: stdio, host devices, a few to spare. */
#define FD_LIMIT_BASE 40

/*
 * Of a guest: listener, wake-up, end, socket, kick, call, error, log, state,
 * the back end's channel.
 */
#define FD_LIMIT_GUEST 10

/*
 * What a guest's front end can make us hold for a moment besides: two
 * messages' worth of descriptors, some to be closed, an inflight file, a
 * second front end to be turned away.
 */
#define FD_LIMIT_BURST 32

/*
 * Raises the limit (RLIMIT_NOFILE) as far as may be, and checks that it
 * suffices for @guests guests at work. Returns 0,
 * with one line in @text if front ends that mean harm could use up what there
 * is, or "" if not even they can; or -EMFILE with one line in @text if it does
 * not suffice.
 */
int fd_limit_raise(unsigned int guests, char *text, size_t text_size);

#endif
