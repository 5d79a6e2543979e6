/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A keeper is in a sandbox, and what it has to do works there. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/config/options.h"
#include "tests/lib/host/sandbox.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

/* A number of /proc/PID/status; -1: it has none of that name. */
static int status_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	int value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ":%d", &value);
	fclose(file);
	return value;
}

/* Keeper and all, for which there have been @before */
static void upgrade(struct rig *rig, unsigned int before)
{
	static const char line[] = "the keeper runs the new binary, too";
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	unsigned int count;

	assert_int_equal(copy_upgrade(rig), 0);
	do {
		const char *log = daemon_stderr(&rig->daemon);

		for (count = 0; (log = strstr(log, line)); count++)
			log++;
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(5);
	} while (count == before);
}

TEST_WITH(keeper_is_confined_once_in_its_life, struct rig *rig)
{
	int filters;

	sandbox_need();
	if (SANDBOX_DEFAULT == SANDBOX_OFF)
		skip_because("this build has the sandbox off");
	copy_start(rig, "");
	rig_check_loopback(rig_open(rig, 0), 10);
	assert_int_equal(status_of(rig->daemon.pid, "Seccomp"), 2);
	assert_int_equal(status_of(rig->daemon.pid, "NoNewPrivs"), 1);
	filters = status_of(rig->daemon.pid, "Seccomp_filters");
	for (unsigned int i = 0; i < 3; i++)
		upgrade(rig, i);
	assert_int_equal(status_of(rig->daemon.pid, "Seccomp_filters"),
			 filters);
	/* By processes that the next keeper has started */
	killer_crash(&rig->daemon, SIGSEGV);
	rig_check_loopback(&rig->fronts[0], 10);
	assert_int_equal(status_of(daemon_child(&rig->daemon), "Seccomp"), 2);
	rig_close(rig, 0);
	copy_stop(rig);
}

/* Where nobody but root may go, as where root has built it */
static void close_copy(const struct rig *rig, char *path, size_t size)
{
	char command[512];

	copy_replace(rig);
	snprintf(path, size, "%s", daemon_file(&rig->daemon, "closed/copy"));
	snprintf(command, sizeof(command),
		 "cd %s && chmod 755 . && chown nobody . && mkdir -m 700 "
		 "closed && mv copy closed",
		 rig->daemon.dir);
	assert_int_equal(system(command), 0);
}

TEST_WITH(keeper_is_of_a_user_who_cannot_see_its_binary, struct rig *rig)
{
	static const char *const args[] = { "--keeper", "--user=nobody",
					    "--device=sim:loopback", NULL };
	char copy[128], before[256];

	sandbox_need();
	if (geteuid())
		skip_because("not root, cannot change the user");
	snprintf(before, sizeof(before), "%s", daemon_binary());
	close_copy(rig, copy, sizeof(copy));
	setenv("VHOST_DEVICE_SPI", copy, 1);
	daemon_start(&rig->daemon, 1, args);
	setenv("VHOST_DEVICE_SPI", before, 1);
	rig_check_loopback(rig_open(rig, 0), 10);
	killer_crash(&rig->daemon, SIGKILL);
	rig_check_loopback(&rig->fronts[0], 10);
	rig_close(rig, 0);
}

TEST_WITH(process_without_its_opener_is_replaced, struct rig *rig)
{
	pid_t before, opener;

	sandbox_need();
	if (SANDBOX_DEFAULT == SANDBOX_OFF)
		skip_because("this build has the sandbox off");
	copy_start(rig, "");
	rig_check_loopback(rig_open(rig, 0), 10);
	before = daemon_child(&rig->daemon);
	opener = daemon_opener(before);
	assert_int_not_equal(opener, 0);
	assert_int_equal(status_of(opener, "Seccomp"), 2);
	assert_int_equal(kill(opener, SIGKILL), 0);
	/* A reload asks it for files. */
	kill(rig->daemon.pid, SIGHUP);
	killer_wait_child(&rig->daemon, before);
	assert_int_equal(daemon_count_log(&rig->daemon,
					  "process that opens files has ended"),
			 1);
	rig_check_loopback(&rig->fronts[0], 10);
	daemon_wait_log(&rig->daemon, "configuration read", 1);
	rig_close(rig, 0);
	copy_stop(rig);
}

TEST_WITH(process_that_serves_is_the_only_child, struct rig *rig)
{
	copy_start(rig, "");
	assert_int_equal(daemon_children(&rig->daemon), 1);
	killer_crash(&rig->daemon, SIGKILL);
	assert_int_equal(daemon_children(&rig->daemon), 1);
	copy_stop(rig);
}

TEST_WITH(opener_ends_with_its_process, struct rig *rig)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	pid_t opener;

	sandbox_need();
	if (SANDBOX_DEFAULT == SANDBOX_OFF)
		skip_because("this build has the sandbox off");
	copy_start(rig, "");
	opener = daemon_opener(daemon_child(&rig->daemon));
	assert_int_not_equal(opener, 0);
	killer_crash(&rig->daemon, SIGKILL);
	while (!kill(opener, 0)) {
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(5);
	}
	copy_stop(rig);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
