/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/keeper/killer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/process.h"
#include "vhost/front/deadline.h"

/* For how long a process serves on a slow machine, at most */
#define LONGEST_US 5000000

/*
 * So many starts of a program that does nothing take longer than that of one
 * process, also when others start.
 */
#define STARTS		 40

#define HANG_TIMEOUT_MAX 15

unsigned int killer_hang_timeout(void)
{
	const char *const args[] = { daemon_binary(), "--version", NULL };
	const int64_t begin = process_now_ms();
	const pid_t pid = process_start(args, "/dev/null");
	unsigned int seconds;

	assert_true(pid > 0);
	assert_int_equal(process_wait(pid, DAEMON_TIMEOUT_MS), 0);
	seconds = 1 + (unsigned int)(process_now_ms() - begin) * STARTS / 1000;
	return seconds < HANG_TIMEOUT_MAX ? seconds : HANG_TIMEOUT_MAX;
}

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

/* Returns true until it is stopped, or the test that started it has failed. */
static bool goes_on(const struct killer *killer)
{
	return !killer->over && !kill(killer->daemon.pid, 0);
}

/*
 * A process that serves has more threads than the keeper, whose only thread of
 * its own is the main one: an emulator and ThreadSanitizer add as many to both.
 */
static bool serves(const struct daemon *daemon)
{
	return count_threads(daemon_child(daemon)) > count_threads(daemon->pid);
}

/* Waits until the process serves. Returns for how many us, up to LONGEST_US. */
static uint32_t wait_until_it_serves(const struct killer *killer)
{
	const int64_t begin = process_now_ms();
	int64_t us;

	while (goes_on(killer) && !serves(&killer->daemon))
		usleep(1000);
	us = (process_now_ms() - begin) * 1000;
	return (uint32_t)(us < LONGEST_US ? us : LONGEST_US);
}

static void *run(void *arg)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGABRT };
	struct killer *killer = arg;
	uint32_t start_us = 0;
	bool waits = true;

	while (goes_on(killer)) {
		pid_t victim = killer->daemon.pid;
		int signal = SIGUSR2;

		/*
		 * A slow machine would get nowhere if it never served, or for
		 * less time than it takes to start; and front ends would wait
		 * for longer than they do if it died twice before that.
		 */
		waits = !waits || next(killer, 4);
		if (waits)
			start_us = wait_until_it_serves(killer);
		usleep(next(killer, start_us > killer->max_us
					    ? start_us
					    : killer->max_us));
		if (!killer->upgrades) {
			victim = daemon_child(&killer->daemon);
			signal = signals[next(killer, 3)];
		}
		if (victim && goes_on(killer) && !kill(victim, signal))
			killer->kills++;
	}
	return NULL;
}

static struct killer *start(const struct daemon *daemon, unsigned int max_us,
			    bool upgrades)
{
	struct killer *killer = calloc(1, sizeof(*killer));

	assert_non_null(killer);
	*killer = (struct killer){
		.daemon = *daemon,
		.max_us = max_us,
		.upgrades = upgrades,
		.random = 0x9e3779b97f4a7c15u,
	};
	assert_int_equal(pthread_create(&killer->thread, NULL, run, killer), 0);
	return killer;
}

struct killer *killer_start(const struct daemon *daemon, unsigned int max_us)
{
	return start(daemon, max_us, false);
}

struct killer *killer_start_upgrades(const struct daemon *daemon,
				     unsigned int max_us)
{
	return start(daemon, max_us, true);
}

unsigned int killer_stop(struct killer *killer)
{
	unsigned int kills;

	if (!killer)
		return 0;
	killer->over = true;
	assert_int_equal(pthread_join(killer->thread, NULL), 0);
	kills = killer->kills;
	free(killer);
	return kills;
}
