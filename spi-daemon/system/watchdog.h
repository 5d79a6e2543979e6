/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Gets a thread out of a system call that a front end holds it in.
 *
 * What is done with a front end's descriptors should not wait, but some of it
 * can be made to: between a poll(2) that says "ready" and the write(2) behind
 * it, say. Such a thread gets a signal, again and again, until it is back in
 * its poll. The signal does nothing but end the call, with EINTR.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* A watched thread. All zero: it waits. */
struct watchdog {
	atomic_uint turn;  /* odd while the thread does not wait */
	unsigned int seen; /* ->turn at the last look; the looker's */
};

/* The thread is about to wait for its next task, or has one again. */
static inline void watchdog_turn(struct watchdog *watchdog)
{
	/*
	 * One writer, so no atomic addition; and nothing else is ordered by
	 * it, so relaxed.
	 */
	unsigned int turn =
		atomic_load_explicit(&watchdog->turn, memory_order_relaxed);

	atomic_store_explicit(&watchdog->turn, turn + 1, memory_order_relaxed);
}

/*
 * Looks after @thread, which has not been joined. If it does the same task
 * as at the last look, it gets the signal; so it has the time between two
 * looks. Returns whether it got it.
 */
bool watchdog_look(struct watchdog *watchdog, pthread_t thread);

/* Makes the signal harmless. Call it before the first look. */
void watchdog_init(void);

#endif
