/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A daemon whose guests do nothing does nothing: no thread wakes up. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/stats/stats_rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define GUESTS	 3
#define QUIET_MS 3000

#define GUEST	 "guest name=a,socket=%s/a,poll=1000,device=sim:loopback\n"

/* How often the thread whose status is in the file @path went to sleep */
static unsigned long sleeps_of(const char *path)
{
	static const char key[] = "voluntary_ctxt_switches:";
	unsigned long count = 0;
	char line[256];
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			count = strtoul(line + strlen(key), NULL, 10);
	fclose(file);
	return count;
}

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &time), 0);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The same of all threads of the process, and its processor time, ns */
static uint64_t doings(pid_t pid)
{
	uint64_t count = cpu_ns(pid);
	struct dirent *entry;
	char path[320];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status",
			 (int)pid, entry->d_name);
		count += sleeps_of(path);
	}
	closedir(dir);
	return count;
}

/* Waits until nothing has happened for QUIET_MS. */
static void expect_quiet(const struct daemon *d)
{
#ifdef __SANITIZE_THREAD__
	skip_because("ThreadSanitizer has a thread of its own");
#endif
	int64_t end = process_now_ms() + DAEMON_TIMEOUT_MS;
	pid_t serving = daemon_serving(d);
	uint64_t before, after;

	do {
		assert_true(process_now_ms() < end);
		before = doings(d->pid) + doings(serving);
		process_sleep_ms(QUIET_MS);
		after = doings(d->pid) + doings(serving);
	} while (before != after);
}

static void start(struct rig *rig)
{
	/* The keeper asks now and then whether the daemon is alive. */
	const char *const args[] = {
		"--device=sim:loopback",
		daemon_is_kept() ? "--keeper-timeout=0" : NULL,
		NULL,
	};

	daemon_start(&rig->daemon, GUESTS, args);
}

TEST_WITH(idle_daemon_never_wakes_up, struct rig *rig)
{
	start(rig);
	expect_quiet(&rig->daemon);
	rig_check_loopback(rig_open(rig, 0), 100);
	rig_open(rig, 1);
	expect_quiet(&rig->daemon);
	rig_check_loopback(&rig->fronts[0], 100);
	rig_check_loopback(&rig->fronts[1], 100);
	expect_quiet(&rig->daemon);
	rig_close(rig, 0);
	expect_quiet(&rig->daemon);
}

/* Nor does one that polls for its guest: --poll. */
TEST_WITH(idle_daemon_with_statistics_never_wakes_up, struct rig *rig)
{
	static const char requests[] = "guest_requests_total{guest=\"a\"}";
	static const char polls[] = "guest_polls_total{guest=\"a\"}";

	stats_start(rig, daemon_is_kept() ? "keeper-timeout 0\n" GUEST : GUEST);
	expect_quiet(&rig->daemon);
	rig_check_loopback(config_open(rig, 0, "a"), 100);
	expect_quiet(&rig->daemon);
	/* All that happened before it rested is in the file. */
	stats_check(rig, requests, 1);
	stats_check(rig, polls, 1);
	rig_check_loopback(&rig->fronts[0], 100);
	expect_quiet(&rig->daemon);
	stats_check(rig, requests, 2);
	rig_close(rig, 0);
	stats_stop(rig);
}

/* Descriptors of the daemon while @guests guests are connected. */
static unsigned int fds_with(struct rig *rig, unsigned int guests)
{
	const char *const args[] = { "--device=sim:loopback", NULL };
	unsigned int count;

	daemon_start(&rig->daemon, guests, args);
	for (unsigned int i = 0; i < guests; i++)
		rig_check_loopback(rig_open(rig, i), 100);
	count = daemon_fds(&rig->daemon);
	for (unsigned int i = 0; i < guests; i++)
		rig_close(rig, i);
	daemon_stop(&rig->daemon, SIGTERM);
	return count;
}

/*
 * Its listening socket, connection, kick, call and error eventfd, and the epoll
 * set of its thread. A keeper has its own of each, and some for the child.
 */
TEST_WITH(guest_takes_six_descriptors, struct rig *rig)
{
	const unsigned int most = daemon_is_kept() ? 16 : 6;
	unsigned int one = fds_with(rig, 1);

	assert_in_range(fds_with(rig, GUESTS), one, one + (GUESTS - 1) * most);
}

/* The watchdog rests, too, and is back when somebody works. */
TEST_WITH(worker_that_is_held_after_a_rest_gets_free, struct rig *rig)
{
	const uint64_t full = UINT64_MAX - 1;
	int call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int64_t end = process_now_ms() + DAEMON_TIMEOUT_MS;
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 1 };
	struct spi_front *front;
	uint16_t id;

	start(rig);
	front = rig_open(rig, 0);
	assert_int_equal(write(call, &full, sizeof(full)), sizeof(full));
	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_CALL, 0, call),
			 0);
	assert_int_equal(fcntl(call, F_SETFL, 0), 0);
	expect_quiet(&rig->daemon);
	front_ring_want_call(&front->ring, front->ring.taken);
	assert_int_equal(spi_front_submit(front, &request, NULL, &id), 0);
	while (!strstr(daemon_stderr(&rig->daemon), "blocks, and was closed"))
		assert_true(process_now_ms() < end);
	rig_check_control(front);
	close(call);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
