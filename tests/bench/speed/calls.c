/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/calls.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/turn.h"

#define MAX_NUMBER   512
#define MAX_THREADS  256
#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define WAIT_SECONDS 0.001

/* What the tracing thread and the driver share. ptrace(2) is by thread. */
struct tracer {
	const struct peer *peer;
	atomic_bool attached, failed, stop;
	atomic_ulong counts[MAX_NUMBER]; /* by the number of the call */
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

/* There is a stop at each end of a call. */
static void count_call(struct tracer *t, pid_t tid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < MAX_NUMBER)
		atomic_fetch_add(&t->counts[info.entry.nr], 1);
}

/* Lets @tid, which has stopped with @status, go on to its next stop. */
static void handle_stop(struct tracer *t, pid_t tid, int status)
{
	int signal = WSTOPSIG(status);

	if (!WIFSTOPPED(status))
		return;
	if (signal == SYSCALL_STOP)
		count_call(t, tid);
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
		tid = waitpid(-1, &status, __WALL | __WNOTHREAD);
		if (tid > 0)
			handle_stop(t, tid, status);
	}
	detach(t);
	return NULL;
}

static const char *name_of(unsigned int number)
{
	static const struct {
		unsigned int number;
		const char *name;
	} names[] = {
		{ SYS_ppoll, "ppoll" },
		{ SYS_epoll_pwait, "epoll_pwait" },
		{ SYS_read, "read" },
		{ SYS_preadv2, "preadv2" },
		{ SYS_write, "write" },
		{ SYS_pwritev2, "pwritev2" },
		{ SYS_ioctl, "ioctl" },
		{ SYS_fcntl, "fcntl" },
		{ SYS_futex, "futex" },
#ifdef SYS_epoll_wait
		{ SYS_epoll_wait, "epoll_wait" },
#endif
#ifdef SYS_epoll_pwait2
		{ SYS_epoll_pwait2, "epoll_pwait2" },
#endif
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return "other";
}

/* Sums up, and writes down the calls that are more than a few. */
static struct calls sum_up(struct tracer *t, unsigned long requests)
{
	struct calls calls = { .per_request = 0 };
	size_t at = 0;

	for (;;) {
		unsigned int most = 0;
		double each;

		for (unsigned int i = 0; i < MAX_NUMBER; i++)
			if (t->counts[i] > t->counts[most])
				most = i;
		each = (double)t->counts[most] / (double)requests;
		t->counts[most] = 0;
		if (each <= 0)
			return calls;
		calls.per_request += each;
		if (each > 0.02 && at < CALLS_TEXT - 24)
			at += (size_t)snprintf(calls.text + at, CALLS_TEXT - at,
					       "%s%.2f %s", at ? ", " : "",
					       each, name_of(most));
	}
}

static void wake_up(int signal)
{
	(void)signal;
}

/* The thread waits for processes: a signal ends that, if it comes in time. */
static void stop_tracing(struct tracer *t, pthread_t thread)
{
	const struct sigaction action = { .sa_handler = wake_up };

	sigaction(SIGUSR1, &action, NULL);
	atomic_store(&t->stop, true);
	do {
		pthread_kill(thread, SIGUSR1);
		bench_sleep(WAIT_SECONDS);
	} while (pthread_tryjoin_np(thread, NULL));
}

struct calls calls_count(struct peer *peer, const struct row *row, uint64_t ns)
{
	struct calls calls = { .per_request = -1 };
	struct tracer t = { .peer = peer };
	pthread_t thread;
	struct turn turn;
	int err;

	if (pthread_create(&thread, NULL, trace, &t))
		bench_die("no thread");
	while (!atomic_load(&t.attached))
		bench_sleep(WAIT_SECONDS);
	/* The first requests are those before which it was interrupted. */
	err = turn_run(peer, row, ns, &turn);
	for (unsigned int i = 0; i < MAX_NUMBER; i++)
		atomic_store(&t.counts[i], 0);
	if (!err)
		err = turn_run(peer, row, ns, &turn);
	stop_tracing(&t, thread);
	if (!err && !atomic_load(&t.failed))
		calls = sum_up(&t, turn.requests);
	return calls;
}
