/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* In a process of its own, as what is passed begins with descriptor 3. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/fds/passed_fds.h"
#include "tests/lib/test.h"

/* Each case has a process, and so its own. */
static struct passed_fds passed;

static void pass(const char *count, const char *names, pid_t to)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)to);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	unsetenv(OPTIONS_FD_NAMES);
	for (int fd = 3; fd < 7; fd++)
		dup2(STDERR_FILENO, fd);
	passed_fds_take(&passed);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static bool publishes(const char *names)
{
	const char *found = getenv(OPTIONS_FD_NAMES);

	return !strcmp(found ? found : "", names);
}

/* Each returns true if all is well. */
static bool removes_those_of_a_name(void)
{
	int fds[2] = { -1, -1 };

	pass("4", "a:keeper:b:keeper", getpid());
	return passed_fds_remove(&passed, "keeper", fds, 2) == 2 &&
	       fds[0] == 4 && fds[1] == 6 && fcntl(4, F_GETFD) == FD_CLOEXEC &&
	       !getenv("LISTEN_FDS") &&
	       !passed_fds_remove(&passed, "keeper", fds, 2) &&
	       publishes("a:b");
}

static bool removes_no_more_than_fit(void)
{
	int fd = -1;

	pass("4", "keeper:keeper:keeper:keeper", getpid());
	return passed_fds_remove(&passed, "keeper", &fd, 1) == 1 && fd == 3 &&
	       publishes("");
}

static bool leaves_those_of_another_process(void)
{
	pass("2", "keeper:keeper", getppid());
	return !passed.count && fcntl(3, F_GETFD) == 0 && publishes("");
}

static bool calls_some_by_their_number(void)
{
	pass("4", "unit.socket:unit.socket:", getpid());
	return passed.count == 4 && publishes("unit.socket:4:5:6");
}

static bool takes_none_of_a_wrong_number(void)
{
	pass("-1", "a:b", getpid());
	return !passed.count && publishes("");
}

static bool closes_the_others(void)
{
	pass("2", "a:b", getpid());
	close(3);
	dup2(STDERR_FILENO, 20);
	passed_fds_close_others(&passed);
	return is_open(2) && is_open(4) && !is_open(5) && !is_open(20);
}

TEST(descriptors_of_a_service_manager_are_found_by_name)
{
	bool (*const cases[])(void) = {
		removes_those_of_a_name,	 removes_no_more_than_fit,
		leaves_those_of_another_process, calls_some_by_their_number,
		takes_none_of_a_wrong_number,	 closes_the_others,
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t child = fork();
		int status;

		if (!child) {
			const bool ok = cases[i]();

			passed_fds_fini(&passed);
			_exit(!ok);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status)
			fail_msg("case %zu", i);
	}
}

TEST_MAIN(NULL, NULL)
