// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/files/helper.h"

#include <bsd/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/system/log.h"

#define HELPER_FD (STDERR_FILENO + 1)

/* Keeps @fd alone: no terminal, lock or link, for whose end others may wait. */
static bool close_others(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(fd, HELPER_FD) < 0)
		return false;
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (dup2(null, i) < 0)
			return false;
	closefrom(HELPER_FD + 1);
	return true;
}

static void run(const struct helper *helper, int fd)
{
	prctl(PR_SET_NAME, helper->name);
	log_close_syslog();
	if (!close_others(fd))
		return;
	helper->confine(helper->arg);
	helper->serve(HELPER_FD);
}

static void wait_for(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int helper_start(const struct helper *helper)
{
	int ends[2], ret;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (!pid) {
		if (!helper->apart || !fork())
			run(helper, ends[1]);
		_exit(EXIT_SUCCESS);
	}
	ret = pid < 0 ? -errno : ends[0];
	if (pid < 0)
		close(ends[0]);
	else if (helper->apart)
		wait_for(pid);
	close(ends[1]);
	return ret;
}
