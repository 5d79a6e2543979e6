/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/bench.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "vhost/front/deadline.h"

double bench_seconds(double otherwise)
{
	const char *text = getenv("BENCH_SECONDS");
	double seconds = text && *text ? atof(text) : otherwise;

	if (seconds <= 0)
		bench_die("BENCH_SECONDS=%s is no time", text);
	return seconds;
}

void bench_sleep(double seconds)
{
	struct timespec time = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	while (nanosleep(&time, &time) < 0)
		;
}

void bench_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void bench_raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		bench_die("no limit on descriptors");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

double bench_wait_sockets(const struct daemon *daemon, unsigned int count)
{
	int64_t begin = deadline_in(0);
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (!daemon_listens(daemon_socket(daemon, count - 1))) {
		if (!deadline_left(deadline))
			bench_die("no socket: %s", daemon_stderr(daemon));
		usleep(200);
	}
	return (double)(deadline_in(0) - begin) / 1e6;
}

void bench_stop(struct daemon *daemon)
{
	kill(daemon->pid, SIGTERM);
	if (daemon_wait(daemon) != 0)
		bench_die("the daemon failed: %s", daemon_stderr(daemon));
	daemon_clean(daemon);
}
