/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/system/waker.h"
#include "tests/lib/test.h"

static int setup(void **state)
{
	static int set;

	set = waker_open();
	assert_true(set >= 0);
	*state = &set;
	return 0;
}

static int teardown(void **state)
{
	close(*(int *)*state);
	return 0;
}

/* Waits for @set. Returns the place that is ready, or -1 after @timeout_ms. */
static int wait_for(int set, int timeout_ms)
{
	struct epoll_event event;

	if (epoll_wait(set, &event, 1, timeout_ms) != 1)
		return -1;
	return (int)event.data.u32;
}

TEST_WITH(new_set_is_not_woken, int *set)
{
	assert_int_equal(wait_for(*set, 0), -1);
}

TEST_WITH(wake_up_is_told_once, int *set)
{
	for (int i = 0; i < 3; i++) {
		waker_wake(*set);
		assert_int_equal(wait_for(*set, 0), WAKER_PLACE);
		assert_int_equal(wait_for(*set, 0), -1);
	}
}

TEST_WITH(wake_ups_that_nobody_waited_for_are_one, int *set)
{
	waker_wake(*set);
	waker_wake(*set);
	assert_int_equal(wait_for(*set, 0), WAKER_PLACE);
	assert_int_equal(wait_for(*set, 0), -1);
}

TEST_WITH(wake_up_that_is_cleared_is_not_told, int *set)
{
	waker_wake(*set);
	waker_clear(*set);
	assert_int_equal(wait_for(*set, 0), -1);
	waker_wake(*set);
	assert_int_equal(wait_for(*set, 0), WAKER_PLACE);
}

TEST_WITH(sets_are_woken_one_by_one, int *set)
{
	int other = waker_open();

	assert_true(other >= 0);
	waker_wake(other);
	assert_int_equal(wait_for(*set, 0), -1);
	assert_int_equal(wait_for(other, 0), WAKER_PLACE);
	close(other);
}

TEST_WITH(set_has_other_descriptors_as_well, int *set)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 3 };
	int fd = eventfd(1, EFD_CLOEXEC);

	assert_int_equal(epoll_ctl(*set, EPOLL_CTL_ADD, fd, &event), 0);
	assert_int_equal(wait_for(*set, 0), 3);
	close(fd);
	waker_wake(*set);
	assert_int_equal(wait_for(*set, 0), WAKER_PLACE);
}

static void *wait_for_ever(void *arg)
{
	assert_int_equal(wait_for(*(int *)arg, -1), WAKER_PLACE);
	return NULL;
}

TEST_WITH(thread_that_waits_wakes_up, int *set)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;

		assert_int_equal(
			pthread_create(&thread, NULL, wait_for_ever, set), 0);
		waker_wake(*set);
		pthread_join(thread, NULL);
	}
}

TEST_MAIN(setup, teardown)
