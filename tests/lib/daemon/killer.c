/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/killer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static uint32_t next(struct killer *killer, uint32_t limit)
{
	killer->random ^= killer->random << 13;
	killer->random ^= killer->random >> 7;
	killer->random ^= killer->random << 17;
	return (uint32_t)(killer->random >> 32) % limit;
}

static void *run(void *arg)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGABRT };
	struct killer *killer = arg;

	while (!killer->over) {
		pid_t child;

		usleep(next(killer, killer->max_us));
		child = daemon_child(killer->daemon);
		if (child && !kill(child, signals[next(killer, 3)]))
			killer->kills++;
	}
	return NULL;
}

void killer_start(struct killer *killer, const struct daemon *daemon,
		  unsigned int max_us)
{
	*killer = (struct killer){
		.daemon = daemon,
		.max_us = max_us,
		.random = 0x9e3779b97f4a7c15u,
	};
	assert_int_equal(pthread_create(&killer->thread, NULL, run, killer), 0);
}

unsigned int killer_stop(struct killer *killer)
{
	killer->over = true;
	assert_int_equal(pthread_join(killer->thread, NULL), 0);
	return killer->kills;
}
