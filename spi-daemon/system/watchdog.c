/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <signal.h>

#include "spi-daemon/system/watchdog.h"

/* A signal that nothing else in the daemon uses */
#define WATCHDOG_SIGNAL SIGURG

static void do_nothing(int signal)
{
	(void)signal;
}

/* No SA_RESTART: the system call has to fail with EINTR. */
void watchdog_init(void)
{
	struct sigaction action = { .sa_handler = do_nothing };

	sigaction(WATCHDOG_SIGNAL, &action, NULL);
}

bool watchdog_look(struct watchdog *w, pthread_t thread)
{
	unsigned int turn =
		atomic_load_explicit(&w->turn, memory_order_relaxed);
	bool stuck = turn % 2 && turn == w->seen;

	w->seen = turn;
	return stuck && !pthread_kill(thread, WATCHDOG_SIGNAL);
}
