/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/keeper/killer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/process.h"
#include "vhost/front/deadline.h"

void killer_wait_child(const struct daemon *daemon, pid_t before)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	pid_t child;

	do {
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(1);
		child = daemon_child(daemon);
	} while (!child || child == before);
}

void killer_crash(const struct daemon *daemon, int signal)
{
	const pid_t before = daemon_child(daemon);

	assert_true(before > 0);
	kill(before, signal);
	killer_wait_child(daemon, before);
}

static uint32_t next(struct killer *killer, uint32_t limit)
{
	killer->random ^= killer->random << 13;
	killer->random ^= killer->random >> 7;
	killer->random ^= killer->random << 17;
	return (uint32_t)(killer->random >> 32) % limit;
}

static unsigned int count_threads(pid_t pid)
{
	unsigned int count = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = pid ? fopen(path, "re") : NULL;
	while (file && !count && fgets(line, sizeof(line), file))
		if (sscanf(line, "Threads: %u", &count) != 1)
			count = 0;
	if (file)
		fclose(file);
	return count;
}

/*
 * Three times of four, waits until the process serves, which is when it has
 * threads. Otherwise a slow machine would never get as far.
 */
static void maybe_wait(struct killer *killer)
{
	for (int i = 0; i < 1000 && !killer->over; i++) {
		if (count_threads(daemon_child(killer->daemon)) > 1)
			return;
		usleep(1000);
	}
}

static void *run(void *arg)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGABRT };
	struct killer *killer = arg;

	while (!killer->over) {
		pid_t child;

		if (next(killer, 4))
			maybe_wait(killer);
		usleep(next(killer, killer->max_us));
		if (killer->upgrades) {
			kill(killer->daemon->pid, SIGUSR2);
			killer->kills++;
			continue;
		}
		child = daemon_child(killer->daemon);
		if (child && !kill(child, signals[next(killer, 3)]))
			killer->kills++;
	}
	return NULL;
}

static void start(struct killer *killer, const struct daemon *daemon,
		  unsigned int max_us, bool upgrades)
{
	*killer = (struct killer){
		.daemon = daemon,
		.max_us = max_us,
		.upgrades = upgrades,
		.random = 0x9e3779b97f4a7c15u,
	};
	assert_int_equal(pthread_create(&killer->thread, NULL, run, killer), 0);
}

void killer_start(struct killer *killer, const struct daemon *daemon,
		  unsigned int max_us)
{
	start(killer, daemon, max_us, false);
}

void killer_start_upgrades(struct killer *killer, const struct daemon *daemon,
			   unsigned int max_us)
{
	start(killer, daemon, max_us, true);
}

unsigned int killer_stop(struct killer *killer)
{
	killer->over = true;
	assert_int_equal(pthread_join(killer->thread, NULL), 0);
	return killer->kills;
}
