/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "vhost/wire/wait_set.h"

#define BIT(place) (1u << (place))

struct setup {
	struct wait_set set;
	int fds[2]; /* eventfds */
};

static int setup(void **state)
{
	static struct setup s;

	assert_int_equal(wait_set_init(&s.set), 0);
	for (int i = 0; i < 2; i++)
		s.fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	wait_set_fini(&s->set);
	for (int i = 0; i < 2; i++)
		close(s->fds[i]);
	return 0;
}

static uint32_t ready(struct setup *s)
{
	const struct timespec none = { 0 };

	return wait_set_wait(&s->set, &none);
}

static void put(struct setup *s, unsigned int place, int fd,
		enum wait_kind kind)
{
	assert_int_equal(wait_set_put(&s->set, place, fd, kind), 0);
}

static void signal_fd(int fd)
{
	assert_int_equal(eventfd_write(fd, 1), 0);
}

TEST_WITH(test_all_ready_places_are_told, struct setup *s)
{
	put(s, 0, s->fds[0], WAIT_LEVEL);
	put(s, WAIT_SET_PLACES - 1, s->fds[1], WAIT_LEVEL);
	assert_int_equal(ready(s), 0);
	signal_fd(s->fds[0]);
	assert_int_equal(ready(s), BIT(0));
	signal_fd(s->fds[1]);
	assert_int_equal(ready(s), BIT(0) | BIT(WAIT_SET_PLACES - 1));
	assert_int_equal(wait_set_wait(&s->set, NULL),
			 BIT(0) | BIT(WAIT_SET_PLACES - 1));
}

TEST_WITH(test_level_is_ready_until_it_is_read, struct setup *s)
{
	eventfd_t count;

	put(s, 3, s->fds[0], WAIT_LEVEL);
	signal_fd(s->fds[0]);
	assert_int_equal(ready(s), BIT(3));
	assert_int_equal(ready(s), BIT(3));
	assert_int_equal(eventfd_read(s->fds[0], &count), 0);
	assert_int_equal(ready(s), 0);
}

TEST_WITH(test_edge_is_ready_once_for_each_write, struct setup *s)
{
	put(s, 3, s->fds[0], WAIT_EDGE);
	for (int i = 0; i < 3; i++) {
		signal_fd(s->fds[0]);
		assert_int_equal(ready(s), BIT(3));
		assert_int_equal(ready(s), 0);
	}
	signal_fd(s->fds[0]);
	signal_fd(s->fds[0]);
	assert_int_equal(ready(s), BIT(3));
	assert_int_equal(ready(s), 0);
}

TEST_WITH(test_place_that_was_emptied_is_never_ready, struct setup *s)
{
	put(s, 3, s->fds[0], WAIT_LEVEL);
	put(s, 4, s->fds[1], WAIT_EDGE);
	signal_fd(s->fds[0]);
	signal_fd(s->fds[1]);
	put(s, 3, -1, WAIT_LEVEL);
	wait_set_forget(&s->set, s->fds[1]);
	assert_int_equal(s->set.fds[4], -1);
	assert_int_equal(ready(s), 0);
	wait_set_forget(&s->set, s->fds[1]);
	wait_set_forget(&s->set, -1);
	wait_set_forget(NULL, s->fds[1]);
}

/* Its number may be that of another file next. */
TEST_WITH(test_forgotten_descriptor_can_come_again, struct setup *s)
{
	int copy = dup(s->fds[0]);

	put(s, 3, s->fds[0], WAIT_EDGE);
	wait_set_forget(&s->set, s->fds[0]);
	close(s->fds[0]);
	s->fds[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	put(s, 3, s->fds[0], WAIT_EDGE);
	signal_fd(copy);
	assert_int_equal(ready(s), 0);
	signal_fd(s->fds[0]);
	assert_int_equal(ready(s), BIT(3));
	close(copy);
}

TEST_WITH(test_place_gets_another_descriptor, struct setup *s)
{
	put(s, 3, s->fds[0], WAIT_LEVEL);
	put(s, 3, s->fds[1], WAIT_LEVEL);
	signal_fd(s->fds[0]);
	assert_int_equal(ready(s), 0);
	signal_fd(s->fds[1]);
	assert_int_equal(ready(s), BIT(3));
}

TEST_WITH(test_file_is_refused_and_the_place_is_empty, struct setup *s)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	put(s, 3, s->fds[0], WAIT_LEVEL);
	signal_fd(s->fds[0]);
	assert_int_equal(wait_set_put(&s->set, 3, file, WAIT_LEVEL), -EPERM);
	assert_int_equal(s->set.fds[3], -1);
	assert_int_equal(ready(s), 0);
	close(file);
}

static int64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void check_timeout(struct setup *s)
{
	const struct timespec times[] = {
		{ 0, 1 },
		{ 0, 300000 },
		{ 0, 20000000 },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		int64_t begin = now_ns();

		assert_int_equal(wait_set_wait(&s->set, &times[i]), 0);
		assert_true(now_ns() - begin >= times[i].tv_nsec);
	}
	signal_fd(s->fds[0]);
	assert_int_equal(wait_set_wait(&s->set, &(struct timespec){ 1000, 0 }),
			 BIT(3));
	assert_int_equal(ready(s), 0);
	signal_fd(s->fds[0]);
	assert_int_equal(wait_set_wait(&s->set, NULL), BIT(3));
}

TEST_WITH(test_wait_ends_at_its_timeout, struct setup *s)
{
	put(s, 3, s->fds[0], WAIT_EDGE);
	check_timeout(s);
}

TEST_WITH(test_the_same_without_epoll_pwait2, struct setup *s)
{
	s->set.coarse = true;
	put(s, 3, s->fds[0], WAIT_EDGE);
	check_timeout(s);
	assert_true(s->set.coarse);
}

TEST_MAIN(setup, teardown)
