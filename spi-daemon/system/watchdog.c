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

void watchdog_wake(struct watcher *watcher)
{
	/* One of them is enough. */
	if (atomic_exchange(&watcher->rests, false))
		pthread_kill(watcher->thread, WATCHER_SIGNAL);
}

enum watchdog_finding watchdog_look(struct watchdog *w, pthread_t thread)
{
	unsigned int turn = atomic_load(&w->turn);
	bool worked = turn != w->seen;

	w->seen = turn;
	if (turn % 2 && !worked && !pthread_kill(thread, WATCHDOG_SIGNAL))
		return WATCHDOG_STUCK;
	return worked || turn % 2 ? WATCHDOG_WORKED : WATCHDOG_RESTED;
}

bool watchdog_rests(struct watchdog *w)
{
	unsigned int turn = atomic_load(&w->turn);

	return !(turn % 2) && turn == w->seen;
}
