/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/init/system.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine machine;
static const struct init_system *init; /* what runs on the machine */

static int start_machine(void **state)
{
	(void)state;
	if (machine_start(&machine, init->machine) < 0)
		return -1;
	if (!*machine.missing && init->prepare)
		machine_wait(&machine, init->prepare);
	return 0;
}

static int stop_machine(void **state)
{
	(void)state;
	machine_stop(&machine);
	return 0;
}

int init_setup(void **state)
{
	struct machine *m = &machine;

	*state = m;
	if (*m->missing)
		return 0;
	machine_run(m, "%s", init->reset);
	machine_write(m, CONFIG,
		      "guest name=a, socket=" SOCKETS
		      "/a.sock, device=sim:loopback\n");
	return 0;
}

struct machine *init_need(void **state)
{
	machine_need(*state);
	return *state;
}

int init_pid(struct machine *m)
{
	int pid = atoi(machine_expect(m, 0, "%s", init->pid));

	assert_true(pid > 1);
	machine_expect(m, 0, "kill -0 %d", pid);
	return pid;
}

int init_start(struct machine *m)
{
	if (machine_run(m, "%s", init->start)) {
		machine_run(m, "%s; %s", init->reason, init->status);
		fail_msg("not started:\n%s", m->output);
	}
	return init_pid(m);
}

void init_expect_served(struct machine *m, const char *name)
{
	machine_expect(m, 0, "spi-xfer --socket " SOCKETS "/%s.sock --info",
		       name);
}

/* A line of guest @name is added to the configuration. */
static void add_guest(struct machine *m, const char *name)
{
	machine_expect(m, 0,
		       "echo guest socket=" SOCKETS
		       "/%s.sock,device=sim:loopback >> " CONFIG,
		       name);
}

static void start_serves_the_guests_of_the_file(void **state)
{
	struct machine *m = init_need(state);

	init_start(m);
	/* Without waiting: the daemon has told that it is ready. */
	machine_expect(m, 0, "ls -l " SOCKETS "/a.sock");
	machine_expect_output(m, "srwxrwx---");
	machine_expect(m, 0,
		       "spi-xfer --socket " SOCKETS "/a.sock --duplex 010203");
	assert_string_equal(m->output, "01 02 03\n");
	machine_expect(m, 0, "%s", init->status);
	machine_expect_output(m, init->running);
}

static void daemon_is_not_root(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, "stat -c %%U /proc/%d " SOCKETS "/a.sock", pid);
	assert_string_equal(m->output, "vhost-device-spi\nvhost-device-spi\n");
	machine_expect(m, 0, "grep -E '%s' /proc/%d/status", init->no_caps,
		       pid);
	machine_expect(m, 0,
		       "grep -E '%s' /proc/%d/status | "
		       "grep -vc 0000000000000000; true",
		       init->no_caps, pid);
	assert_string_equal(m->output, "0\n");
	machine_expect(m, 0, "grep -E '^NoNewPrivs:.1' /proc/%d/status", pid);
#ifdef WITH_SECCOMP
	machine_expect(m, 0, "grep -E '^Seccomp:.2' /proc/%d/status", pid);
#endif
}

static void second_start_leaves_the_first_alone(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	assert_int_equal(init_start(m), pid);
	init_expect_served(m, "a");
}

static void reload_adds_a_guest(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	add_guest(m, "b");
	machine_expect(m, 0, "%s", init->reload);
	machine_wait(m, "ls " SOCKETS "/b.sock");
	init_expect_served(m, "a");
	init_expect_served(m, "b");
	machine_expect(m, 0, "%s", init->status);
	assert_int_equal(init_pid(m), pid);
}

static void reload_of_a_broken_file_changes_nothing(void **state)
{
	struct machine *m = init_need(state);
	char told[300];
	int pid = init_start(m);

	machine_expect(m, 0, "echo nonsense >> " CONFIG);
	machine_expect(m, 1, "%s", init->reload);
	snprintf(told, sizeof(told), "%s | grep " CONFIG ":2:", init->reason);
	machine_wait(m, told);
	machine_wait(m, init->status);
	init_expect_served(m, "a");
	assert_int_equal(init_pid(m), pid);
}

static void restart_is_a_new_process(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, "%s", init->restart);
	assert_int_not_equal(init_pid(m), pid);
	init_expect_served(m, "a");
}

static void crash_is_mended_by_a_start(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, "kill -KILL %d", pid);
	machine_wait_gone(m, pid);
	assert_int_not_equal(init_start(m), pid);
	init_expect_served(m, "a");
}

static void guests_outlive_the_serving_process(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);
	char children[64], next[160];
	int serving;

	snprintf(children, sizeof(children), "cat /proc/%d/task/%d/children",
		 pid, pid);
	serving = atoi(machine_expect(m, 0, "%s", children));
	assert_true(serving > 1);
	machine_expect(m, 0, "kill -SEGV %d", serving);
	snprintf(next, sizeof(next),
		 "next=$(%s) && test -n \"$next\" && test $next != %d",
		 children, serving);
	machine_wait(m, next);
	init_expect_served(m, "a");
	assert_int_equal(init_pid(m), pid);
	machine_expect(m, 0, "%s", init->status);
	machine_expect_output(m, init->running);
}

static const struct CMUnitTest common[] = {
	INIT_TEST(start_serves_the_guests_of_the_file),
	INIT_TEST(daemon_is_not_root),
	INIT_TEST(second_start_leaves_the_first_alone),
	INIT_TEST(reload_adds_a_guest),
	INIT_TEST(reload_of_a_broken_file_changes_nothing),
	INIT_TEST(restart_is_a_new_process),
	INIT_TEST(crash_is_mended_by_a_start),
	INIT_TEST(guests_outlive_the_serving_process),
};

#define COMMON (sizeof(common) / sizeof(common[0]))
#define MOST   64 /* cases of a group */

int init_run_tests(const struct init_system *system,
		   const struct CMUnitTest *tests, size_t count)
{
	struct CMUnitTest all[MOST];

	if (count > MOST - COMMON)
		return 1;
	init = system;
	memcpy(all, common, sizeof(common));
	memcpy(all + COMMON, tests, count * sizeof(*tests));
	return _cmocka_run_group_tests(system->name, all, COMMON + count,
				       start_machine, stop_machine);
}
