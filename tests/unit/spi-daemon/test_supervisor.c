/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * supervisor_run() in a process of its own, for it blocks and waits for
 * signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/system/log.h"
#include "spi-daemon/supervisor.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

#define TIMEOUT_MS 20000

struct fixture {
	char dir[40];
	char path[64];
	pid_t pid;
	int error; /* pipe: what supervisor_run() leaves in @error */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/test-supervisor-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	*state = f;
	return 0;
}

static const char *socket_path(const struct fixture *f, unsigned int i)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s%u", f->path, i);
	return path;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 3; i++)
		unlink(socket_path(f, i));
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* Never returns. The exit status is that of supervisor_run(), made positive. */
static void child(const struct fixture *f, unsigned int count, int error_fd)
{
	static char program[] = "test", device[] = "-lsim:loopback";
	char path[80], sockets[16], error[512] = "";
	char *argv[] = { program, device, path, sockets, NULL };
	struct launch launch = { .background = -1, .link = -1 };
	struct options options;
	int ret;

	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof(path), "-s%s", f->path);
	snprintf(sockets, sizeof(sockets), "-c%u", count);
	if (options_parse(4, argv, -1, &options, error, sizeof(error)))
		_exit(255);
	ret = supervisor_run(&options, 4, argv, &launch, error, sizeof(error));
	options_free(&options);
	if (write(error_fd, error, strlen(error)) < 0)
		_exit(254);
	exit(-ret);
}

static void spawn(struct fixture *f, unsigned int count)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid)
		child(f, count, fds[1]);
	close(fds[1]);
	f->error = fds[0];
}

/* Waits for the end, and returns the exit status. */
static int finish(struct fixture *f, char *error, size_t size)
{
	struct pollfd fd = { .fd = f->error, .events = POLLIN };
	ssize_t n;
	int status;

	if (poll(&fd, 1, TIMEOUT_MS) != 1) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
		fail_msg("the supervisor does not end");
	}
	n = read(f->error, error, size - 1);
	error[n > 0 ? n : 0] = '\0';
	close(f->error);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	close(fd);
	return -1;
}

static int wait_served(const struct fixture *f, unsigned int i)
{
	int64_t deadline = deadline_in(TIMEOUT_MS);
	int fd;

	while ((fd = connect_to(socket_path(f, i))) < 0) {
		assert_true(deadline_left(deadline) > 0);
		usleep(2000);
	}
	return fd;
}

static void check_signal_ends_it(struct fixture *f, int sig)
{
	char error[256];
	int fds[3];

	spawn(f, 3);
	for (unsigned int i = 0; i < 3; i++)
		fds[i] = wait_served(f, i);
	kill(f->pid, sig);
	assert_int_equal(finish(f, error, sizeof(error)), 0);
	assert_string_equal(error, "");
	for (unsigned int i = 0; i < 3; i++) {
		close(fds[i]);
		assert_int_not_equal(access(socket_path(f, i), F_OK), 0);
	}
}

static void sigterm_ends_it_and_removes_the_sockets(void **state)
{
	check_signal_ends_it(*state, SIGTERM);
}

static void sigint_ends_it_and_removes_the_sockets(void **state)
{
	check_signal_ends_it(*state, SIGINT);
}

static void stale_socket_is_replaced(void **state)
{
	struct fixture *f = *state;
	char error[256];

	spawn(f, 1);
	close(wait_served(f, 0));
	kill(f->pid, SIGKILL);
	close(f->error);
	waitpid(f->pid, NULL, 0);
	assert_int_equal(access(socket_path(f, 0), F_OK), 0);

	spawn(f, 1);
	close(wait_served(f, 0));
	kill(f->pid, SIGTERM);
	assert_int_equal(finish(f, error, sizeof(error)), 0);
}

/* All sockets or none: the others are not left behind. */
static void socket_that_cannot_be_made_is_named(void **state)
{
	struct fixture *f = *state;
	char error[256];
	int fd = open(socket_path(f, 2), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	spawn(f, 3);
	assert_int_equal(finish(f, error, sizeof(error)), EEXIST);
	assert_non_null(strstr(error, "socket "));
	assert_non_null(strstr(error, socket_path(f, 2)));
	assert_non_null(strstr(error, "is not a socket"));
	assert_null(strchr(error, '\n'));
	assert_int_not_equal(access(socket_path(f, 0), F_OK), 0);
	assert_int_not_equal(access(socket_path(f, 1), F_OK), 0);
	assert_int_equal(access(socket_path(f, 2), F_OK), 0);
}

static void socket_that_is_served_is_left_alone(void **state)
{
	struct fixture *f = *state, second = *f;
	char error[256];

	spawn(f, 1);
	close(wait_served(f, 0));
	spawn(&second, 1);
	assert_int_equal(finish(&second, error, sizeof(error)), EADDRINUSE);
	assert_non_null(strstr(error, "is served by another process"));
	close(wait_served(f, 0));
	kill(f->pid, SIGTERM);
	assert_int_equal(finish(f, error, sizeof(error)), 0);
}

static void missing_directory_is_named(void **state)
{
	struct fixture f = *(struct fixture *)*state;
	char error[256];

	snprintf(f.path, sizeof(f.path), "%s/none/sock", f.dir);
	spawn(&f, 1);
	assert_int_not_equal(finish(&f, error, sizeof(error)), 0);
	assert_non_null(strstr(error, "/none/sock0: No such file"));
}

#define FIXTURE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(sigterm_ends_it_and_removes_the_sockets),
		FIXTURE_TEST(sigint_ends_it_and_removes_the_sockets),
		FIXTURE_TEST(stale_socket_is_replaced),
		FIXTURE_TEST(socket_that_cannot_be_made_is_named),
		FIXTURE_TEST(socket_that_is_served_is_left_alone),
		FIXTURE_TEST(missing_directory_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
