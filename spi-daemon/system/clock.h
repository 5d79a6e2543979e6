/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Monotonic time, in nanoseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* A deadline that is never reached */
#define CLOCK_NEVER UINT64_MAX

static inline uint64_t clock_read(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_now(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

/*
 * The same clock at its last tick, which was up to 10 ms ago: mostly 4 ms, or
 * 1. That costs a third.
 */
static inline uint64_t clock_tick(void)
{
	return clock_read(CLOCK_MONOTONIC_COARSE);
}

static inline uint64_t clock_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t clock_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * Returns the time from @begin to @end, 0 if @end is earlier: two readings of
 * the clock can be out of order.
 */
static inline uint64_t clock_from(uint64_t begin, uint64_t end)
{
	return end > begin ? end - begin : 0;
}

/*
 * The longest time of clock_left(), 68 years: time_t may have 32 bits, and
 * calls refuse a time that is negative.
 */
#define CLOCK_LONGEST (INT32_MAX * NS_PER_S)

/*
 * Returns the time from @now to @deadline, 0 if it is over, CLOCK_LONGEST at
 * most.
 */
static inline struct timespec clock_left(uint64_t now, uint64_t deadline)
{
	uint64_t left = clock_earlier(clock_from(now, deadline), CLOCK_LONGEST);

	return (struct timespec){
		.tv_sec = (time_t)(left / NS_PER_S),
		.tv_nsec = (long)(left % NS_PER_S),
	};
}

#endif
