/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/startup/background.h"
#include "spi-daemon/system/log.h"

/*
 * Ends this process: with 0 when the child is ready, or with the exit status of
 * a child that ends first. Does not return.
 */
static void wait_for_child(pid_t child, int fd)
{
	ssize_t count;
	int status;
	char byte;

	do {
		count = read(fd, &byte, 1);
	} while (count < 0 && errno == EINTR);
	if (count == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		log_error("ended during the start: %s",
			  strsignal(WTERMSIG(status)));
	_exit(EXIT_FAILURE);
}

/*
 * Closes the descriptors that were inherited by chance, so that the daemon does
 * not keep a lock of the shell, say. Opens /dev/null in place of stdin, stdout
 * and stderr where they are closed, so that no file of the daemon gets their
 * numbers.
 */
static void tidy_descriptors(const struct passed_fds *passed)
{
	int fd;

	passed_fds_close_others(passed);
	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int background_start(const struct passed_fds *passed)
{
	int fds[2];
	pid_t child;
	int ret;

	tidy_descriptors(passed);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child < 0) {
		ret = -errno;
		close(fds[0]);
		close(fds[1]);
		return ret;
	}
	if (child) {
		close(fds[1]);
		wait_for_child(child, fds[0]);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

void background_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	if (write(fd, "", 1) < 0)
		log_warning(
			"cannot tell the starting process that all is ready: %m");
	close(fd);
}
