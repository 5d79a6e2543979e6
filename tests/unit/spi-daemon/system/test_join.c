/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/join.h"
#include "tests/lib/test.h"

static void *read_once(void *arg)
{
	eventfd_t count;

	eventfd_read(*(int *)arg, &count);
	return NULL;
}

TEST(thread_that_runs_is_waited_for_and_left_alone)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	pthread_t thread;
	uint64_t before;

	assert_int_equal(pthread_create(&thread, NULL, read_once, &fd), 0);
	assert_int_equal(join_for(thread, 0), -ETIMEDOUT);
	before = clock_now();
	for (int i = 0; i < 3; i++)
		assert_int_equal(join_for(thread, 5 * NS_PER_MS), -ETIMEDOUT);
	assert_true(clock_now() - before >= 15 * NS_PER_MS);
	assert_int_equal(eventfd_write(fd, 1), 0);
	assert_int_equal(join_for(thread, 100 * NS_PER_S), 0);
	close(fd);
}

TEST_MAIN(NULL, NULL)
