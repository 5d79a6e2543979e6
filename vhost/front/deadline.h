/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Deadlines: points in time, CLOCK_MONOTONIC in nanoseconds. */
#ifndef FRONT_DEADLINE_H
#define FRONT_DEADLINE_H

#include <stdint.h>
#include <time.h>

/* Returns the deadline @ms milliseconds from now. */
static inline int64_t deadline_in(int ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec +
	       ms * INT64_C(1000000);
}

/* Returns the ms until @deadline for poll(2): rounded up, 0 or more. */
static inline int deadline_left(int64_t deadline)
{
	int64_t left = deadline - deadline_in(0);

	return left > 0 ? (int)((left + 999999) / 1000000) : 0;
}

#endif
