/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/calls.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/turn.h"

#define MAX_THREADS  256
#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define WAIT_SECONDS 0.001

/* What the tracing thread and the driver share. ptrace(2) is by thread. */
struct tracer {
	const struct peer *peer;
	atomic_bool attached, failed, stop;
	atomic_ulong stops; /* two for each system call */
	pid_t threads[MAX_THREADS];
	unsigned int count;
};

static void attach_process(struct tracer *t, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid <= 0 || t->count == MAX_THREADS)
			continue;
		if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD) < 0 ||
		    ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0)
			atomic_store(&t->failed, true);
		t->threads[t->count++] = tid;
	}
	if (dir)
		closedir(dir);
}

/* Lets @tid, which has stopped with @status, go on to its next stop. */
static void handle_stop(struct tracer *t, pid_t tid, int status)
{
	int signal = WSTOPSIG(status);

	if (!WIFSTOPPED(status))
		return;
	if (signal == SYSCALL_STOP)
		atomic_fetch_add(&t->stops, 1);
	/* Group stops and those of PTRACE_INTERRUPT carry no signal. */
	if (signal == SYSCALL_STOP || status >> 16)
		signal = 0;
	ptrace(PTRACE_SYSCALL, tid, 0, signal);
}

static void detach(struct tracer *t)
{
	int status;

	for (unsigned int i = 0; i < t->count; i++) {
		pid_t tid = t->threads[i];

		ptrace(PTRACE_INTERRUPT, tid, 0, 0);
		if (waitpid(tid, &status, __WALL) == tid)
			ptrace(PTRACE_DETACH, tid, 0, 0);
	}
}

static void *trace(void *arg)
{
	struct tracer *t = arg;
	int status;
	pid_t tid;

	for (unsigned int i = 0; i < t->peer->pid_count; i++)
		attach_process(t, t->peer->pids[i]);
	atomic_store(&t->attached, true);
	while (!atomic_load(&t->stop)) {
		tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG);
		if (tid > 0)
			handle_stop(t, tid, status);
	}
	detach(t);
	return NULL;
}

double calls_per_request(struct peer *peer, const struct row *row, uint64_t ns)
{
	struct tracer t = { .peer = peer };
	unsigned long before;
	struct turn turn;
	pthread_t thread;
	double calls = -1;

	if (pthread_create(&thread, NULL, trace, &t))
		bench_die("no thread");
	while (!atomic_load(&t.attached))
		bench_sleep(WAIT_SECONDS);
	/* The first requests are those before which it was interrupted. */
	if (!turn_run(peer, row, ns, &turn)) {
		before = atomic_load(&t.stops);
		if (!turn_run(peer, row, ns, &turn) && !atomic_load(&t.failed))
			calls = (double)(atomic_load(&t.stops) - before) / 2 /
				(double)turn.requests;
	}
	atomic_store(&t.stop, true);
	pthread_join(thread, NULL);
	return calls;
}
