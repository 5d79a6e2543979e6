/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The rows of the benchmark: each is a load, and where it runs. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/bench/speed/peer.h"

struct row {
	const char *group; /* rows of one group differ in ->x, and are a plot */
	const char *name;
	double x;
	unsigned int guests;
	struct link_kind kind;
	enum peer_cpus cpus;
	bool batch; /* the next requests follow when all of the last are done,
		     * not when one is */
	bool rests; /* the driver rests before each request, so that the peer
		     * goes to sleep; the time of a request is without it */
	unsigned int message_ns; /* for which a message takes the bus */
	bool bus_sleeps;	 /* meanwhile, and does not spin */
	bool counts_calls;	 /* system calls are counted too */
	bool has_keeper;	 /* PEER_KEEPER takes part, */
	bool has_poll;		 /* or PEER_POLL, */
	bool has_trace;		 /* or PEER_TRACE */
};

struct row_group {
	const char *name, *title;
	const char *axis; /* what ->x is, with its unit; NULL: no plot */
};

extern const struct row_group row_groups[];
extern const size_t row_group_count;

extern const struct row rows[];
extern const size_t row_count;

#endif
