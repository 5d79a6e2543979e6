/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/fixture/ring_fixture.h"
#include "tests/lib/test.h"
#include "vhost/listen/listen.h"

static const struct vhost_access anyone = {
	.peers = { (uid_t)-1, (gid_t)-1 },
};

struct setup {
	char dir[32];
	char path[64];
	unsigned int fds;
	struct vhost_listener listener;
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	*state = s;
	strcpy(s->dir, "/tmp/test-connect.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/vm", s->dir);
	s->fds = open_fds();
	assert_int_equal(vhost_connect(&s->listener, s->path, &anyone), 0);
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	vhost_unlisten(&s->listener);
	assert_int_equal(open_fds(), s->fds);
	unlink(s->path);
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* Waits until it is time to try, and tries. */
static int try_next(struct setup *s)
{
	struct pollfd fd = { .fd = s->listener.fd, .events = POLLIN };
	struct ucred peer = { 0 };
	int ret;

	assert_int_equal(poll(&fd, 1, 10000), 1);
	ret = vhost_accept(&s->listener, &peer);
	if (ret >= 0)
		assert_int_equal(peer.pid, getpid());
	return ret;
}

static void expect_rest(const struct setup *s)
{
	struct pollfd fd = { .fd = s->listener.fd, .events = POLLIN };

	assert_int_equal(poll(&fd, 1, 50), 0);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

TEST_WITH(attempt_follows_attempt_until_somebody_listens, struct setup *s)
{
	int listener, fd;

	assert_int_equal(try_next(s), -EAGAIN);
	assert_int_equal(try_next(s), -EAGAIN);
	listener = listen_at(s->path, 1);
	fd = try_next(s);
	assert_true(fd >= 0);
	expect_rest(s);
	close(fd);
	expect_rest(s);
	vhost_listen_again(&s->listener);
	fd = try_next(s);
	assert_true(fd >= 0);
	close(fd);
	close(listener);
}

/* 10, 20, 40, 80, 160, 320 ms */
TEST_WITH(pauses_grow_while_nobody_listens, struct setup *s)
{
	double start = seconds();

	for (int i = 0; i < 7; i++)
		assert_int_equal(try_next(s), -EAGAIN);
	assert_true(seconds() - start >= 0.62);
}

TEST_WITH(pauses_grow_while_nobody_stays, struct setup *s)
{
	int listener = listen_at(s->path, 8);
	double start = seconds();

	for (int i = 0; i < 7; i++) {
		int fd = try_next(s);

		assert_true(fd >= 0);
		close(fd);
		vhost_listen_again(&s->listener);
	}
	/* Otherwise each pause was the first again. */
	if (seconds() - start < 1)
		assert_true(seconds() - start >= 0.62);
	close(listener);
}

TEST_WITH(full_backlog_does_not_block, struct setup *s)
{
	int listener = listen_at(s->path, 0);
	int first = try_next(s);

	assert_true(first >= 0);
	vhost_listen_again(&s->listener);
	assert_int_equal(try_next(s), -EAGAIN);
	close(first);
	close(listener);
}

TEST_WITH(lasting_error_is_told_once, struct setup *s)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int fd;

	strcpy(addr.sun_path, s->path);
	assert_int_equal(bind(other, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	assert_int_equal(try_next(s), -EPROTOTYPE);
	assert_int_equal(try_next(s), -EAGAIN);
	close(other);
	unlink(s->path);
	other = listen_at(s->path, 1);
	fd = try_next(s);
	assert_true(fd >= 0);
	close(fd);
	close(other);
}

TEST_WITH(path_that_is_no_address_is_refused, struct setup *s)
{
	struct vhost_listener listener;
	char path[256];

	(void)s;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(vhost_connect(&listener, path, &anyone),
			 -ENAMETOOLONG);
	assert_int_equal(vhost_connect(&listener, "", &anyone), -ENOENT);
}

TEST_MAIN(setup, teardown)
