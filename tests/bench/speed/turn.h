/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One turn: a peer has the load of a row for a while. */
#ifndef BENCH_TURN_H
#define BENCH_TURN_H

#include "tests/bench/speed/row.h"

struct turn {
	unsigned long requests;
	uint64_t ns;	    /* for all of them */
	uint64_t waited_ns; /* with rests: without them */
	uint64_t cpu_ns;    /* processor time of the peer's processes */
	uint64_t messages;  /* on the bus */
};

/*
 * Gives @peer the load of @row for about @ns, and waits until all requests are
 * done. Returns 0 or a negative errno, -ETIMEDOUT if the peer is stuck.
 */
int turn_run(struct peer *peer, const struct row *row, uint64_t ns,
	     struct turn *turn);

/* Nanoseconds of CLOCK_MONOTONIC */
uint64_t turn_now(void);

#endif
