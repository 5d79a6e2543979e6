/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Interrupts a thread that a front end blocks in a system call.
 *
 * A worker never waits for a front end on purpose, but a front end can make it
 * wait: it can clear O_NONBLOCK of a descriptor and fill it, say. Such a
 * thread is sent a signal, repeatedly, until it waits on purpose again. The
 * signal makes the system call fail with EINTR and does nothing else.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* A watched thread. All zero: it waits on purpose. */
struct watchdog {
	atomic_uint turn;  /* odd while the thread works */
	unsigned int seen; /* ->turn at the last watchdog_look() */
};

/* The thread begins to work, or begins to wait. */
static inline void watchdog_turn(struct watchdog *watchdog)
{
	/* Relaxed: there is one writer, and it orders nothing else. */
	unsigned int turn =
		atomic_load_explicit(&watchdog->turn, memory_order_relaxed);

	atomic_store_explicit(&watchdog->turn, turn + 1, memory_order_relaxed);
}

/*
 * Sends @thread, which was not joined yet, the signal if it still works on what
 * it did at the last call: it has the time between two calls for each task.
 * Returns true if the signal was sent.
 */
bool watchdog_look(struct watchdog *watchdog, pthread_t thread);

/* Installs a handler for the signal. Call before watchdog_look(). */
void watchdog_init(void);

#endif
