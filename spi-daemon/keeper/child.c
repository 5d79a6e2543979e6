/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Holds struct child_legacy, and the keeper's process id. */
#define VARIABLE "VHOST_DEVICE_SPI_KEEPER"

int child_init(struct child *child, char **argv, int config)
{
	int ret;

	*child = (struct child){
		.looker = child->looker,
		.program = {
			.exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
			.config = config,
		},
		.path = realpath("/proc/self/exe", NULL),
		.argv = argv,
	};
	if (child->program.exe >= 0)
		return 0;
	ret = -errno;
	child_fini(child);
	return ret;
}

void child_close_program(struct child_program *program)
{
	if (program->exe >= 0)
		close(program->exe);
	if (program->config >= 0)
		close(program->config);
	*program = (struct child_program){ -1, -1 };
}

void child_fini(struct child *child)
{
	free(child->path);
	child_close_program(&child->program);
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

/* Has the program that @keeper starts, or runs itself, find this. */
static void bequeath(struct child_legacy legacy)
{
	char value[64];

	snprintf(value, sizeof(value), "%d,%d,%d,%d,%d", legacy.link,
		 legacy.config, legacy.image, (int)getpid(), legacy.looker);
	setenv(VARIABLE, value, 1);
}

/* Lets the descriptors pass execve(2), or not. */
static bool set_kept(struct child_legacy legacy, bool kept)
{
	const int fds[] = { legacy.link, legacy.config, legacy.image,
			    legacy.looker };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0 &&
		    fcntl(fds[i], F_SETFD, kept ? 0 : FD_CLOEXEC) < 0)
			return false;
	return true;
}

/*
 * Runs the binary @exe with @legacy in a new process, whose messages go to
 * @output; -1: to where ours go. Returns its id, or a negative errno. It ends
 * when this process does. Until it runs the binary, only async-signal-safe
 * functions may be called in it.
 */
static pid_t spawn(int exe, char **argv, struct child_legacy legacy, int output)
{
	const pid_t keeper = getpid();
	pid_t pid;

	bequeath(legacy);
	pid = fork();
	if (!pid) {
		if (output >= 0)
			dup2(output, STDERR_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == keeper && set_kept(legacy, true))
			fexecve(exe, argv, environ);
		_exit(EXIT_FAILURE);
	}
	if (pid < 0)
		pid = -errno;
	unsetenv(VARIABLE);
	return pid;
}

int child_become(const struct child *child, struct child_legacy legacy)
{
	int ret = -EBADF;

	bequeath(legacy);
	if (set_kept(legacy, true)) {
		fexecve(child->program.exe, child->argv, environ);
		ret = -errno;
	}
	set_kept(legacy, false);
	unsetenv(VARIABLE);
	return ret;
}

pid_t child_check(const struct child *child,
		  const struct child_program *program, int image, int *output)
{
	struct child_legacy legacy = CHILD_NO_LEGACY;
	char **argv = checking(child->argv);
	int ends[2];
	pid_t pid;

	if (!argv)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		free(argv);
		return -errno;
	}
	legacy.config = program->config;
	legacy.image = image;
	pid = spawn(program->exe, argv, legacy, ends[1]);
	close(ends[1]);
	free(argv);
	*output = ends[0];
	if (pid < 0)
		close(ends[0]);
	return pid;
}

int child_start(struct child *child, int *link)
{
	struct child_legacy legacy = CHILD_NO_LEGACY;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	legacy.link = ends[1];
	legacy.config = child->program.config;
	legacy.looker = child->looker;
	pid = spawn(child->program.exe, child->argv, legacy, -1);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return pid;
	}
	child->pid = pid;
	*link = ends[0];
	return 0;
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

struct child_legacy child_legacy(void)
{
	const char *value = getenv(VARIABLE);
	struct child_legacy legacy = CHILD_NO_LEGACY;
	int keeper;

	/* A process that inherited the variable from a child gets nothing. */
	if (!value ||
	    sscanf(value, "%d,%d,%d,%d,%d", &legacy.link, &legacy.config,
		   &legacy.image, &keeper, &legacy.looker) != 5 ||
	    (keeper != getppid() && keeper != getpid()))
		return CHILD_NO_LEGACY;
	unsetenv(VARIABLE);
	/* As the name of a process that runs a descriptor is its number. */
	prctl(PR_SET_NAME, "vhost-device-spi");
	set_kept(legacy, false);
	return legacy;
}
