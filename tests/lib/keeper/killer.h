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

/*
 * An option of a daemon that is killed: its keeper has as much patience as the
 * front ends, DAEMON_TIMEOUT_MS.
 */
#define KILLER_TIMEOUT "--keeper-timeout=60"

/*
 * How many seconds of --keeper-timeout a daemon has whose process is to hang:
 * one, or many times what this machine takes to start a program, 15 at most.
 */
unsigned int killer_hang_timeout(void);

/* A thread that kills. It ends by itself if a test that fails leaves it. */
struct killer {
	struct daemon daemon;
	pthread_t thread;
	unsigned int max_us; /* it serves so long, at most; or as long as a
				start took */
	_Atomic unsigned int kills;
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

/*
 * Begins to kill the process of @daemon, which stays the same meanwhile, with
 * SIGKILL, SIGSEGV or SIGABRT.
 */
struct killer *killer_start(const struct daemon *daemon, unsigned int max_us);

/* The same with upgrades, by SIGUSR2, to the same binary. */
struct killer *killer_start_upgrades(const struct daemon *daemon,
				     unsigned int max_us);

/*
 * Ends it, and frees @killer, which can be NULL. Returns how many processes
 * were killed.
 */
unsigned int killer_stop(struct killer *killer);

#endif
