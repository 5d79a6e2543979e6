/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/background.h"
#include "tests/lib/test.h"

#define MESSAGES 250

/* What the process that starts a daemon sees */
struct start {
	int status;
	char messages[MESSAGES]; /* all of its stderr */
};

/*
 * Calls @daemon in a child process, which may fork, and waits for the child.
 * Reads their stderr until both have closed it.
 */
static struct start start(void (*daemon)(int), int arg)
{
	struct start s = { .status = -1 };
	size_t len = 0;
	ssize_t count;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		daemon(arg);
		_exit(99);
	}
	close(fds[1]);
	while ((count = read(fds[0], s.messages + len, MESSAGES - 1 - len)) > 0)
		len += (size_t)count;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &s.status, 0), pid);
	return s;
}

static void tell(const char *message)
{
	if (write(STDERR_FILENO, message, strlen(message)) < 0)
		_exit(98);
}

/* Writes to the pipe @arg what the daemon in the background has found out. */
static void run_until_killed(int arg)
{
	int fd, report;
	char line[100];

	dup2(arg, STDIN_FILENO); /* a descriptor that stays open */
	fd = background_start(NULL);
	if (fd < 0)
		_exit(97);
	tell("starting\n");
	report = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	background_ready(fd);
	tell("nobody sees this\n");
	snprintf(line, sizeof(line), "%d %d %d %d", (int)getpid(),
		 getsid(0) == getpid(), fcntl(arg, F_GETFD) < 0 && arg > 5,
		 isatty(0) || isatty(1) || isatty(2));
	if (write(report, line, strlen(line)) < 0)
		_exit(96);
	close(report);
	pause();
	_exit(0);
}

TEST(start_is_over_when_the_child_is_ready)
{
	int pid = 0, own_session, closed, terminal;
	char line[100] = { 0 };
	struct start s;
	int fds[2];

	/* The test can wait for the daemon to end. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[1], 20), 20);
	close(fds[1]);
	s = start(run_until_killed, 20);
	close(20);
	assert_int_equal(s.status, 0);
	assert_string_equal(s.messages, "starting\n");
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	close(fds[0]);
	assert_int_equal(sscanf(line, "%d %d %d %d", &pid, &own_session,
				&closed, &terminal),
			 4);
	assert_true(own_session);
	assert_true(closed);
	assert_false(terminal);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void fail_in_child(int arg)
{
	if (background_start(NULL) < 0)
		_exit(97);
	tell("cannot\n");
	_exit(arg);
}

TEST(child_that_fails_is_the_callers_status)
{
	struct start s = start(fail_in_child, 3);

	assert_int_equal(s.status, 3 << 8);
	assert_string_equal(s.messages, "cannot\n");
}

TEST(child_that_ends_too_early_is_a_failure)
{
	struct start s = start(fail_in_child, 0);

	assert_int_equal(s.status, 1 << 8);
}

static void start_without_standard_descriptors(int arg)
{
	int fd;

	for (int i = 0; i <= arg; i++)
		close(i);
	fd = background_start(NULL);
	if (fd <= STDERR_FILENO)
		_exit(97);
	background_ready(fd);
	_exit(0);
}

TEST(missing_standard_descriptors_are_made_up_for)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct start s = start(start_without_standard_descriptors, fd);

		assert_int_equal(s.status, 0);
	}
}

static void die_in_child(int arg)
{
	if (background_start(NULL) < 0)
		_exit(97);
	signal(arg, SIG_DFL);
	raise(arg);
}

TEST(child_that_is_killed_is_told)
{
	struct start s = start(die_in_child, SIGKILL);

	assert_int_equal(s.status, 1 << 8);
	assert_string_equal(
		s.messages,
		"vhost-device-spi: ended during the start: Killed\n");
}

TEST_MAIN(NULL, NULL)
