/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/idle.h"

#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/turn.h"
#include "tests/bench/usage.h"

#define SETTLE_SECONDS 2.5 /* the daemon rests after one */

static const struct link_kind kind = { .depth = 1, .len = 64 };

static struct usage usage_of_all(struct peer *peer)
{
	struct usage sum = { .threads = 0 };

	peer_find_processes(peer);
	for (unsigned int i = 0; i < peer->pid_count; i++) {
		struct usage usage = usage_of(peer->pids[i]);

		sum.threads += usage.threads;
		sum.fds += usage.fds;
		sum.own_kb += usage.own_kb;
		sum.wakeups += usage.wakeups;
	}
	return sum;
}

/* Starts @guests guests, each of which has a request. */
static int start_guests(struct peer *peer, unsigned int guests)
{
	const struct row row = { .kind = kind, .cpus = CPUS_FREE };
	struct turn turn;
	int err = peer_start(peer, guests, &kind);

	if (!err)
		err = peer_connect(peer, guests, &kind);
	if (!err)
		err = turn_run(peer, &row, 10000000, &turn);
	bench_sleep(SETTLE_SECONDS);
	return err;
}

/* Stores what the peer takes with @guests guests, and what it does. */
static int measure_guests(const struct peer *kind_of, unsigned int guests,
			  struct usage *usage, double *wakeups)
{
	struct peer peer = *kind_of;
	int err = start_guests(&peer, guests);

	if (!err) {
		*usage = usage_of_all(&peer);
		bench_sleep(1);
		*wakeups =
			(double)(usage_of_all(&peer).wakeups - usage->wakeups);
	}
	peer_stop(&peer);
	return err;
}

static struct idle measure_peer(const struct peer *peer)
{
	struct idle idle = { .present = true };
	struct usage one, all;
	int err = measure_guests(peer, 1, &one, &idle.wakeups);

	if (!err)
		err = measure_guests(peer, 1 + IDLE_GUESTS, &all,
				     &idle.wakeups);
	if (err)
		return (struct idle){ .present = true, .failed = true };
	idle.memory_kb =
		((double)all.own_kb - (double)one.own_kb) / IDLE_GUESTS;
	idle.threads = (double)(all.threads - one.threads) / IDLE_GUESTS;
	idle.fds = (double)(all.fds - one.fds) / IDLE_GUESTS;
	return idle;
}

void idle_measure(const struct fake_bus *bus, const char *command,
		  struct idle idle[PEER_KINDS])
{
	for (unsigned int i = PEER_DAEMON; i < PEER_KINDS; i++) {
		struct peer peer = { .kind = i,
				     .command = command,
				     .bus = bus };

		if (i != PEER_POLL && i != PEER_TRACE &&
		    (i != PEER_OTHER || command))
			idle[i] = measure_peer(&peer);
	}
}

void idle_print(const struct idle idle[PEER_KINDS])
{
	printf("\nA further guest that is idle, and wake-ups of all with %d\n"
	       "%-34s %-12s %10s %8s %12s %14s\n",
	       IDLE_GUESTS + 1, "", "", "memory KiB", "threads", "descriptors",
	       "wake-ups/s");
	for (unsigned int i = 0; i < PEER_KINDS; i++) {
		const struct idle *x = &idle[i];

		if (!x->present)
			continue;
		printf("%-34s %-12s", "", peer_name(i));
		if (x->failed)
			printf(" %10s\n", "fails");
		else
			printf(" %10.1f %8.2f %12.2f %14.0f\n", x->memory_kb,
			       x->threads, x->fds, x->wakeups);
	}
}
