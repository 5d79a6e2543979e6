/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* In a process of its own, as what is passed begins with descriptor 3. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/fd_store.h"
#include "tests/lib/test.h"

static void pass(const char *count, const char *names, pid_t to)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)to);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	for (int fd = 3; fd < 7; fd++)
		dup2(STDERR_FILENO, fd);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Each returns true if all is well. */
static bool takes_those_of_the_name(void)
{
	int fds[2] = { -1, -1 };

	pass("4", "a:keeper:b:keeper", getpid());
	return fd_store_take("keeper", fds, 2) == 2 && fds[0] == 4 &&
	       fds[1] == 6 && fcntl(4, F_GETFD) == FD_CLOEXEC && !is_open(3) &&
	       !is_open(5) && !getenv("LISTEN_FDS") &&
	       !fd_store_take("keeper", fds, 2);
}

static bool takes_no_more_than_fit(void)
{
	int fd = -1;

	pass("4", "keeper:keeper:keeper:keeper", getpid());
	return fd_store_take("keeper", &fd, 1) == 1 && fd == 3 && !is_open(4);
}

static bool leaves_those_of_another_process(void)
{
	int fds[2];

	pass("2", "keeper:keeper", getppid());
	return !fd_store_take("keeper", fds, 2) && is_open(3);
}

static bool takes_none_of_too_few_names(void)
{
	int fds[2];

	pass("3", "keepers:keep", getpid());
	return !fd_store_take("keeper", fds, 2) && !is_open(5);
}

static bool takes_none_of_a_wrong_number(void)
{
	int fds[2];

	pass("-1", "keeper:keeper", getpid());
	return !fd_store_take("keeper", fds, 2) && is_open(3);
}

TEST(descriptors_are_taken_by_name)
{
	bool (*const cases[])(void) = {
		takes_those_of_the_name,	 takes_no_more_than_fit,
		leaves_those_of_another_process, takes_none_of_too_few_names,
		takes_none_of_a_wrong_number,
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t child = fork();
		int status;

		if (!child)
			_exit(!cases[i]());
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status)
			fail_msg("case %zu", i);
	}
}

TEST_MAIN(NULL, NULL)
