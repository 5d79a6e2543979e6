// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/load.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void spin(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before the line above. */
	if (getppid() != parent)
		_exit(0);
	for (volatile unsigned int i = 0;; i++)
		;
}

void load_start(struct load *load, unsigned int count)
{
	pid_t parent = getpid();

	if (count > LOAD_MAX)
		abort();
	for (load->count = 0; load->count < count; load->count++) {
		pid_t pid = fork();

		if (pid < 0)
			abort();
		if (pid == 0)
			spin(parent);
		load->pids[load->count] = pid;
	}
}

void load_stop(struct load *load)
{
	while (load->count) {
		pid_t pid = load->pids[--load->count];

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}
