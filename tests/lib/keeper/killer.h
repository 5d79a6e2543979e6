/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Kills, or upgrades, the process that serves the guests of a daemon with
 * --keeper, again and again, at random moments, in a thread of the test.
 */
#ifndef TEST_KILLER_H
#define TEST_KILLER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/lib/daemon/daemon.h"

struct killer {
	const struct daemon *daemon;
	pthread_t thread;
	unsigned int max_us; /* between two kills, at most */
	unsigned int kills;  /* read it when the thread has ended */
	bool upgrades;
	_Atomic bool over;
	uint64_t random;
};

/*
 * Waits until another process than @before serves. An error fails the running
 * cmocka test.
 */
void killer_wait_child(const struct daemon *daemon, pid_t before);

/*
 * Sends the serving process @signal, once, and waits until another one is
 * there. An error fails the running cmocka test.
 */
void killer_crash(const struct daemon *daemon, int signal);

/* Begins to kill, with SIGKILL, SIGSEGV or SIGABRT. */
void killer_start(struct killer *killer, const struct daemon *daemon,
		  unsigned int max_us);

/* The same with upgrades, by SIGUSR2, to the same binary. */
void killer_start_upgrades(struct killer *killer, const struct daemon *daemon,
			   unsigned int max_us);

/* Ends it. Returns how many processes were killed. */
unsigned int killer_stop(struct killer *killer);

#endif
