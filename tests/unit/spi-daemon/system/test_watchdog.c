/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/system/watchdog.h"
#include "tests/lib/test.h"

/* A thread that reads an eventfd @times times; each read blocks. */
struct reader {
	struct watchdog watchdog;
	int fd;
	bool waits; /* as a thread in its poll */
	unsigned int times;
	unsigned int interrupted;
};

static void *read_it(void *arg)
{
	struct reader *r = arg;
	uint64_t count;

	watchdog_work(&r->watchdog);
	for (unsigned int i = 0; i < r->times; i++) {
		if (r->waits)
			watchdog_wait(&r->watchdog);
		if (read(r->fd, &count, sizeof(count)) < 0 && errno == EINTR)
			r->interrupted++;
	}
	return NULL;
}

static pthread_t start(struct reader *r)
{
	pthread_t thread;

	watchdog_init();
	r->fd = eventfd(0, EFD_CLOEXEC);
	assert_true(r->fd >= 0);
	assert_int_equal(pthread_create(&thread, NULL, read_it, r), 0);
	return thread;
}

TEST(blocked_thread_is_interrupted_repeatedly)
{
	struct reader r = { .times = 3 };
	pthread_t thread = start(&r);
	unsigned int looks = 0;

	while (pthread_tryjoin_np(thread, NULL) == EBUSY) {
		watchdog_look(&r.watchdog, thread);
		usleep(10000);
		assert_true(++looks < 1000);
	}
	assert_int_equal(r.interrupted, 3);
	close(r.fd);
}

TEST(thread_that_waits_is_left_alone)
{
	struct reader r = { .times = 1, .waits = true };
	pthread_t thread = start(&r);

	while (atomic_load(&r.watchdog.turn) != 2)
		usleep(1000);
	watchdog_look(&r.watchdog, thread);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(watchdog_look(&r.watchdog, thread),
				 WATCHDOG_RESTED);
	assert_int_equal(eventfd_write(r.fd, 1), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(r.interrupted, 0);
	close(r.fd);
}

TEST(task_has_the_time_between_two_looks)
{
	const pthread_t self = pthread_self();
	struct watchdog w = { .watcher = NULL };

	watchdog_init();
	for (unsigned int i = 0; i < 10; i++) {
		watchdog_work(&w);
		assert_int_equal(watchdog_look(&w, self), WATCHDOG_WORKED);
		watchdog_wait(&w);
		assert_int_equal(watchdog_look(&w, self), WATCHDOG_WORKED);
		assert_int_equal(watchdog_look(&w, self), WATCHDOG_RESTED);
	}
	watchdog_work(&w);
	assert_int_equal(watchdog_look(&w, self), WATCHDOG_WORKED);
	assert_int_equal(watchdog_look(&w, self), WATCHDOG_STUCK);
	assert_int_equal(watchdog_look(&w, self), WATCHDOG_STUCK);
}

/* Also work that began and ended between two looks. */
TEST(thread_rests_when_it_has_not_worked_since_the_last_look)
{
	struct watchdog w = { .watcher = NULL };

	assert_true(watchdog_rests(&w));
	watchdog_work(&w);
	assert_false(watchdog_rests(&w));
	watchdog_wait(&w);
	assert_false(watchdog_rests(&w));
	watchdog_look(&w, pthread_self());
	assert_true(watchdog_rests(&w));
}

/* Returns true if the signal is pending, and takes it. */
static bool take_wake(const sigset_t *signals)
{
	const struct timespec none = { 0 };

	return sigtimedwait(signals, NULL, &none) == WATCHER_SIGNAL;
}

TEST(watcher_that_rests_is_woken_once)
{
	struct watcher watcher = { .thread = pthread_self() };
	struct watchdog w[2] = { { .watcher = &watcher },
				 { .watcher = &watcher } };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, WATCHER_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	watchdog_work(&w[0]);
	watchdog_wait(&w[0]);
	assert_false(take_wake(&signals));
	atomic_store(&watcher.rests, true);
	watchdog_work(&w[0]);
	assert_true(take_wake(&signals));
	watchdog_work(&w[1]);
	assert_false(take_wake(&signals));
	assert_false(watcher.rests);
}

TEST_MAIN(NULL, NULL)
