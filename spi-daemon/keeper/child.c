/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Holds the number of the link's descriptor, and the keeper's process id. */
#define LINK_VARIABLE "VHOST_DEVICE_SPI_KEEPER"

int child_init(struct child *child, char **argv)
{
	*child = (struct child){
		.exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
		.path = realpath("/proc/self/exe", NULL),
		.argv = argv,
	};
	return child->exe < 0 ? -errno : 0;
}

void child_fini(struct child *child)
{
	free(child->path);
	close(child->exe);
}

int child_open_binary(const struct child *child)
{
	int exe = child->path ? open(child->path, O_RDONLY | O_CLOEXEC) : -1;

	return exe < 0 ? -errno : exe;
}

/* The command line with --check. Its strings are @argv's. */
static char **checking(char **argv)
{
	static char check[] = "--check";
	size_t count = 0;
	char **all;

	while (argv[count])
		count++;
	all = calloc(count + 2, sizeof(*all));
	if (all) {
		memcpy(all, argv, count * sizeof(*all));
		all[count] = check;
	}
	return all;
}

pid_t child_check(const struct child *child, int exe, int *output)
{
	char **argv = checking(child->argv);
	int ends[2];
	pid_t pid;

	if (!argv)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		free(argv);
		return -errno;
	}
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		fexecve(exe, argv, environ);
		_exit(EXIT_FAILURE);
	}
	close(ends[1]);
	free(argv);
	*output = ends[0];
	return pid < 0 ? -errno : pid;
}

/* In the new process, where only async-signal-safe functions may be called. */
static void run(const struct child *child, int link, pid_t keeper)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == keeper && !fcntl(link, F_SETFD, 0))
		fexecve(child->exe, child->argv, environ);
	_exit(EXIT_FAILURE);
}

int child_start(struct child *child, int *link)
{
	const pid_t keeper = getpid();
	char value[32];
	int ends[2];
	int ret = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	snprintf(value, sizeof(value), "%d,%d", ends[1], (int)keeper);
	setenv(LINK_VARIABLE, value, 1);
	child->pid = fork();
	if (!child->pid)
		run(child, ends[1], keeper);
	if (child->pid < 0) {
		ret = -errno;
		child->pid = 0;
	}
	unsetenv(LINK_VARIABLE);
	close(ends[1]);
	if (ret || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		close(ends[0]);
	else
		*link = ends[0];
	return ret;
}

int child_reap(struct child *child, int *status)
{
	if (!child->pid ||
	    waitpid(child->pid, status, WNOHANG | WUNTRACED | WCONTINUED) !=
		    child->pid)
		return 0;
	if (WIFEXITED(*status) || WIFSIGNALED(*status))
		child->pid = 0;
	return 1;
}

void child_describe(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "signal %d, %s%s", WTERMSIG(status),
			 strsignal(WTERMSIG(status)),
			 WCOREDUMP(status) ? ", core dumped" : "");
	else
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

int child_link(void)
{
	const char *value = getenv(LINK_VARIABLE);
	int link, keeper;

	/* A process that inherited the variable from a child is none. */
	if (!value || sscanf(value, "%d,%d", &link, &keeper) != 2 ||
	    keeper != getppid())
		return -1;
	unsetenv(LINK_VARIABLE);
	/* As the name of a process that runs a descriptor is its number. */
	prctl(PR_SET_NAME, "vhost-device-spi");
	return fcntl(link, F_SETFD, FD_CLOEXEC) < 0 ? -1 : link;
}
