/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Joins a thread, with a timeout that does not depend on the wall clock. */
#ifndef JOIN_H
#define JOIN_H

#include <pthread.h>
#include <stdint.h>

/*
 * Joins @thread if it ends within @ns nanoseconds of the monotonic clock.
 * Returns 0; -ETIMEDOUT if it still runs, and has to be joined later; or
 * another negative errno.
 */
int join_for(pthread_t thread, uint64_t ns);

#endif
