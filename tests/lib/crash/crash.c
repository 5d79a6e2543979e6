/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/crash/crash.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void crash_init(struct crash *crash, size_t size)
{
	*crash = (struct crash){
		.size = size,
		.states = malloc(size * CRASH_MAX),
	};
	assert_non_null(crash->states);
}

void crash_free(struct crash *crash)
{
	free(crash->states);
}

const void *crash_state(const struct crash *crash, unsigned int i)
{
	assert_true(i < crash->count);
	return crash->states + i * crash->size;
}

static void keep(struct crash *crash, const void *memory)
{
	if (crash->count &&
	    !memcmp(crash_state(crash, crash->count - 1), memory, crash->size))
		return;
	assert_true(crash->count < CRASH_MAX);
	memcpy(crash->states + crash->count++ * crash->size, memory,
	       crash->size);
}

/* The child: stops itself when it is ready to be stepped. */
static void be_traced(void (*run)(void *memory), void *memory)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(1);
	raise(SIGSTOP);
	run(memory);
	_exit(0);
}

void crash_run(struct crash *crash, void (*run)(void *memory), void *memory)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		be_traced(run, memory);
	crash->count = 0;
	crash->steps = 0;
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		int sig = WSTOPSIG(status);

		keep(crash, memory);
		crash->steps++;
		/* Signals but those of stepping are the child's own end. */
		if (sig == SIGTRAP || sig == SIGSTOP)
			sig = 0;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (long)sig) < 0)
			kill(pid, SIGKILL);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

bool crash_is_possible(void)
{
	const char *preload = getenv("LD_PRELOAD");
	pid_t pid;
	int status;

	/* Its instructions would be counted, thousands for each of ours. */
	if (preload && strstr(preload, "valgrind"))
		return false;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	/* Not all machines have single steps. */
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 &&
	    waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
	    WSTOPSIG(status) == SIGTRAP) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return true;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return false;
}
