/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guests that always want more of the bus: each a thread with a front end,
 * and some requests in flight at all times.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"

struct load_kind {
	unsigned int depth; /* requests in flight */
	uint32_t len;	    /* bytes of each */
	uint32_t hz;
};

struct load {
	struct load_kind kind;
	struct spi_front front;
	atomic_ulong done; /* requests so far */
	atomic_bool stop;
	pthread_t thread;
};

/* Connects to @socket and begins. Ends the program if that fails. */
void load_start(struct load *load, const char *socket, struct load_kind kind);

/* Bus time of the requests done so far, ns, by their clock. */
uint64_t load_bus_time(struct load *load);

void load_stop(struct load *load);

/*
 * Jain's index of @count shares: 1 if all are equal, 1 / @count if one has
 * all.
 */
double load_jain(const double *shares, unsigned int count);

#endif
