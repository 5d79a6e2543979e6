/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Linked into programs that are run under an emulator, in the place of libc's
 * function: an emulator opens the program's file itself, so that a descriptor
 * which is closed on exec cannot be executed.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int fexecve(int fd, char *const argv[], char *const envp[])
{
	char link[40], path[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len > 0) {
		path[len] = '\0';
		execve(path, argv, envp);
	}
	/* The file is gone. The descriptor stays open in the new program. */
	fcntl(fd, F_SETFD, 0);
	return execve(link, argv, envp);
}
