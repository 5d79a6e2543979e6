/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Counts instructions of the daemon, with callgrind. */
#ifndef BENCH_CALLGRIND_H
#define BENCH_CALLGRIND_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/speed/fake_bus.h"

struct callgrind_load {
	const char *options; /* of the daemon, besides; may be "" */
	uint64_t features;   /* of the driver, besides VIRTIO_F_EVENT_IDX */
	bool indirect;
	uint32_t len;	    /* bytes of a request, sent and received */
	unsigned int depth; /* requests at once */
};

/* Instructions of one request: of the thread that serves the guest */
struct callgrind_count {
	double daemon;	  /* in the daemon's own code */
	double libraries; /* in others: the C library */
};

/*
 * Runs requests, ->depth after each rest, so that the thread sleeps before
 * them. Ends the program if something fails.
 */
struct callgrind_count callgrind_count(const struct fake_bus *bus,
				       const struct callgrind_load *load);

#endif
