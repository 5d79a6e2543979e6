/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What guests cost that are connected and do nothing. */
#ifndef BENCH_IDLE_H
#define BENCH_IDLE_H

#include <stdbool.h>

#include "tests/bench/speed/peer.h"

#define IDLE_GUESTS 16

/* Each is of all processes of a peer. */
struct idle {
	bool present;
	bool failed;
	/* Of a further guest */
	double memory_kb; /* private; page tables are not in it */
	double threads, fds;
	/* Of all, with IDLE_GUESTS + 1 guests */
	double wakeups; /* for each second */
};

/* Looks at the daemon, with --keeper too, and at @command, if there is one. */
void idle_measure(const struct fake_bus *bus, const char *command,
		  struct idle idle[PEER_KINDS]);

void idle_print(const struct idle idle[PEER_KINDS]);

#endif
