/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/fds/fd_limit.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define LEAST	 (FD_LIMIT_BASE + 4 * FD_LIMIT_GUEST)
#define SAFE	 (LEAST + 4 * FD_LIMIT_BURST)

#define NO_LIMIT 77

/*
 * Calls fd_limit_raise() for 4 guests in a child, because a lowered limit stays
 * low. Returns 0 if the call returns @ret, writes a line if @says, and leaves
 * the limit @hard.
 */
static int try(rlim_t hard, int ret, int says)
{
	struct rlimit limit = { .rlim_cur = 16, .rlim_max = hard };
	pid_t pid = fork();
	char text[200];
	int status;

	if (!pid) {
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			_exit(NO_LIMIT);
		if (fd_limit_raise(4, text, sizeof(text)) != ret)
			_exit(2);
		if ((strstr(text, "4 guests need 80") != NULL) != says)
			_exit(3);
		getrlimit(RLIMIT_NOFILE, &limit);
		_exit(limit.rlim_cur == hard ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LIMIT) {
		skip_because("valgrind lets no limit be set");
	}
	return WEXITSTATUS(status);
}

TEST(limit_that_does_not_suffice_is_an_error)
{
	assert_int_equal(try(LEAST - 1, -EMFILE, 1), 0);
}

TEST(limit_for_the_well_behaved_alone_is_told)
{
	assert_int_equal(try(LEAST, 0, 1), 0);
	assert_int_equal(try(SAFE - 1, 0, 1), 0);
}

TEST(limit_that_suffices_is_raised_without_a_word)
{
	assert_int_equal(try(SAFE, 0, 0), 0);
	assert_int_equal(try(SAFE + 100, 0, 0), 0);
}

TEST_MAIN(NULL, NULL)
