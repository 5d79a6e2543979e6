/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <signal.h>

#include "spi-daemon/system/watchdog.h"

/* One that no library and no option of ours uses. */
#define WATCHDOG_SIGNAL SIGURG

static void do_nothing(int signal)
{
	(void)signal;
}

/* Without SA_RESTART: the call is to end. */
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
