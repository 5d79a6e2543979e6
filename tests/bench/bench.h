/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the benchmarks have in common. */
#ifndef BENCH_H
#define BENCH_H

#include "tests/lib/daemon/daemon.h"

/* How long to measure: BENCH_SECONDS of the environment, or @otherwise. */
double bench_seconds(double otherwise);

void bench_sleep(double seconds);

/* Prints the reason, and ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void
bench_die(const char *format, ...);

/* Raises the limit on descriptors as far as it goes; children inherit it. */
void bench_raise_limits(void);

/* Waits until the last of @count sockets listens. Returns the ms it took. */
double bench_wait_sockets(const struct daemon *daemon, unsigned int count);

/* Ends the daemon, which must not complain, and removes its directory. */
void bench_stop(struct daemon *daemon);

#endif
