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
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

/*
 * The thread that looks after the others, about once per second while they
 * work. When none does it rests, until WATCHER_SIGNAL comes: from the first
 * that works again. It has the signal blocked, and takes it with sigwaitinfo().
 */
struct watcher {
	pthread_t thread;
	atomic_bool rests;
};

#define WATCHER_SIGNAL SIGALRM

/* A watched thread. All zero: it waits on purpose, and wakes no watcher. */
struct watchdog {
	struct watcher *watcher;
	atomic_uint turn;  /* odd while the thread works */
	unsigned int seen; /* ->turn at the last watchdog_look() */
};

/* Implements watchdog_work() when the watcher rests. */
void watchdog_wake(struct watcher *watcher);

/* The thread begins to work. */
static inline void watchdog_work(struct watchdog *watchdog)
{
	struct watcher *watcher = watchdog->watcher;

	/*
	 * The watcher says that it rests and then looks at the turns; here it
	 * is the other way round. In this order, one of the two sees the other.
	 */
	atomic_fetch_add(&watchdog->turn, 1);
	if (watcher && atomic_load(&watcher->rests))
		watchdog_wake(watcher);
}

/* The thread begins to wait. */
static inline void watchdog_wait(struct watchdog *watchdog)
{
	/* Relaxed: there is one writer, and it orders nothing else. */
	unsigned int turn =
		atomic_load_explicit(&watchdog->turn, memory_order_relaxed);

	atomic_store_explicit(&watchdog->turn, turn + 1, memory_order_relaxed);
}

enum watchdog_finding {
	WATCHDOG_RESTED, /* it has not worked since the last look */
	WATCHDOG_WORKED,
	WATCHDOG_STUCK, /* it still works on the same, and was interrupted */
};

/*
 * Sends @thread, which was not joined yet, the signal if it still works on what
 * it did at the last call: it has the time between two calls for each task.
 */
enum watchdog_finding watchdog_look(struct watchdog *watchdog,
				    pthread_t thread);

/*
 * Returns true if the thread has not worked since watchdog_look(). If that is
 * so of all threads, after their watcher's ->rests was set, it may rest.
 */
bool watchdog_rests(struct watchdog *watchdog);

/* Installs a handler for the signal. Call before watchdog_look(). */
void watchdog_init(void);

#endif
