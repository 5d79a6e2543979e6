/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <time.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/join.h"

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

/* ThreadSanitizer does not know that pthread_clockjoin_np() joins. */
#if defined(__GLIBC_PREREQ) && !defined(__SANITIZE_THREAD__)
#define HAS_CLOCKJOIN __GLIBC_PREREQ(2, 31)
#else
#define HAS_CLOCKJOIN 0
#endif

#if HAS_CLOCKJOIN
int join_for(pthread_t thread, uint64_t ns)
{
	struct timespec until = to_timespec(clock_now() + ns);

	return -pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
}
#else
/* How often the thread is polled */
#define LOOK_NS NS_PER_MS

/* pthread_timedjoin_np() takes a time of the wall clock, which may be set. */
int join_for(pthread_t thread, uint64_t ns)
{
	const uint64_t until = clock_now() + ns;
	const struct timespec pause = to_timespec(LOOK_NS);
	int ret;

	for (;;) {
		ret = pthread_tryjoin_np(thread, NULL);
		if (ret != EBUSY)
			return -ret;
		if (clock_now() >= until)
			return -ETIMEDOUT;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}
#endif
