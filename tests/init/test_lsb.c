/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The init script, with the shell and the LSB functions of Debian, and with
 * nothing but busybox. Its exit statuses are those of the LSB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/init/system.h"
#include "tests/lib/test.h"

#define SCRIPT	"/etc/init.d/vhost-device-spi"
#define DEFAULT "/etc/default/vhost-device-spi"
#define PIDFILE "/run/vhost-device-spi.pid"

static void user_and_group_can_be_set(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, "mkdir -p /etc/default");
	machine_write(m, DEFAULT, "user=vhost-device-spi:root\n");
	machine_expect(m, 0, SCRIPT " start");
	machine_expect(m, 0, "stat -c %%U:%%G " SOCKETS "/a.sock");
	assert_string_equal(m->output, "vhost-device-spi:root\n");
}

static void second_start_is_told(void **state)
{
	struct machine *m = init_need(state);
	char expected[100];
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	machine_expect_output(m, "started");
	pid = init_pid(m);
	machine_expect(m, 0, SCRIPT " start");
	snprintf(expected, sizeof(expected), "already running, process %d",
		 pid);
	machine_expect_output(m, expected);
	assert_int_equal(init_pid(m), pid);
}

static void pid_file_is_for_root_to_write(void **state)
{
	struct machine *m = init_need(state);

	init_start(m);
	machine_expect(m, 0, "stat -c '%%U %%a' " PIDFILE);
	assert_string_equal(m->output, "root 644\n");
}

/* Past the script: the lock on the file. */
static void second_daemon_is_refused(void **state)
{
	struct machine *m = init_need(state);
	char expected[200];
	int pid = init_start(m);

	machine_expect(m, 1,
		       DAEMON " --pidfile=" PIDFILE
			      " --daemon --syslog --socket-path=/run/other "
			      "--device=sim:loopback");
	snprintf(expected, sizeof(expected),
		 "vhost-device-spi: --pidfile=" PIDFILE
		 ": already running, process %d\n",
		 pid);
	assert_string_equal(m->output, expected);
	machine_expect(m, 1, "test -e /run/other0");
	assert_int_equal(init_pid(m), pid);
}

static void
restart_starts_what_does_not_run_and_try_restart_does_not(void **state)
{
	struct machine *m = init_need(state);
	int pid;

	machine_expect(m, 0, SCRIPT " try-restart");
	machine_expect(m, 3, SCRIPT " status");
	machine_expect(m, 0, SCRIPT " restart");
	pid = init_pid(m);
	machine_expect(m, 0, SCRIPT " try-restart");
	assert_int_not_equal(init_pid(m), pid);
	init_expect_served(m, "a");
}

static void stop_removes_all(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, SCRIPT " stop");
	machine_expect_output(m, "stopped");
	machine_wait_gone(m, pid);
	machine_expect(m, 1, "test -e " PIDFILE);
	machine_expect(m, 0, "ls " SOCKETS);
	assert_string_equal(m->output, "");
	machine_expect(m, 3, SCRIPT " status");
	machine_expect_output(m, "not running");
	machine_expect(m, 0, SCRIPT " stop");
	machine_expect(m, 7, SCRIPT " reload");
}

static void crash_is_told(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, "kill -KILL %d", pid);
	machine_wait(m, "! kill -0 $(cat " PIDFILE ") 2> /dev/null");
	machine_expect(m, 1, SCRIPT " status");
	machine_expect_output(m, PIDFILE);
	machine_expect(m, 0, SCRIPT " start");
	assert_int_not_equal(init_pid(m), pid);
}

/* The number in a file that was left is somebody else's by now. */
static void other_process_is_not_taken_for_the_daemon(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, "echo 1 > " PIDFILE);
	machine_expect(m, 1, SCRIPT " status");
	machine_expect(m, 7, SCRIPT " reload");
	machine_expect(m, 0, SCRIPT " start");
	assert_int_not_equal(init_pid(m), 1);
}

/* SIGTERM from somebody else: what is left must not look like a crash. */
static void end_without_the_script_is_no_crash(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, SCRIPT " start");
	machine_expect(m, 0, "kill -TERM $(cat " PIDFILE ")");
	machine_wait(m, "! test -e " SOCKETS "/a.sock");
	machine_wait(m, SCRIPT " status; test $? = 3");
	machine_expect(m, 0, SCRIPT " start");
}

static void broken_file_is_told_where_it_is_broken(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, "echo nonsense >> " CONFIG);
	machine_expect(m, 1, SCRIPT " start");
	machine_expect_output(m, "vhost-device-spi: " CONFIG ":2: ");
	machine_expect_output(m, "not started");
	machine_expect(m, 3, SCRIPT " status");
}

/* As it is, but for its devices, which are not here */
static void example_of_the_file_is_understood(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, "cat " CONFIG ".example > " CONFIG);
	machine_expect(m, 1, SCRIPT " start");
	machine_expect_output(m,
			      "guest router: device=/dev/spidev0.0: No such");
}

/* Found only when the daemon is in the background already. */
static void device_that_is_missing_is_told(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0,
		       "echo guest socket=" SOCKETS
		       "/c.sock, device=/dev/spidev7.7 >> " CONFIG);
	machine_expect(m, 1, SCRIPT " start");
	machine_expect_output(m, "/dev/spidev7.7");
	machine_expect(m, 0,
		       "grep 'daemon.err vhost.*/dev/spidev7.7' "
		       "/run/messages");
	machine_expect(m, 3, SCRIPT " status");
	machine_expect(m, 0, "ls " SOCKETS);
	assert_string_equal(m->output, "");
}

static void what_is_missing_is_told(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, "rm " CONFIG);
	machine_expect(m, 6, SCRIPT " start");
	machine_expect_output(m, CONFIG);
	machine_expect(m, 2, SCRIPT);
	machine_expect_output(m, "usage: ");
	machine_expect(m, 2, SCRIPT " begin");
	machine_write(m, CONFIG, "");
	machine_expect(m, 0, "mkdir -p /etc/default");
	machine_write(m, DEFAULT, "user=no-such-user\n");
	machine_expect(m, 1, SCRIPT " start");
	machine_expect_output(m, "no-such-user");
	machine_write(m, DEFAULT, "daemon=/no/such/daemon\n");
	machine_expect(m, 5, SCRIPT " start");
	machine_expect_output(m, "/no/such/daemon");
}

static void start_and_end_are_in_the_system_log(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, ": > /run/messages");
	machine_expect(m, 0, SCRIPT " start");
	machine_wait(m, "grep 'daemon.info vhost-device-spi.[0-9]*.: serving "
			"1 guest' /run/messages");
	machine_expect(m, 0, SCRIPT " stop");
	machine_wait(m, "grep 'daemon.info vhost-device-spi.[0-9]*.: ending' "
			"/run/messages");
}

static const struct CMUnitTest tests[] = {
	INIT_TEST(user_and_group_can_be_set),
	INIT_TEST(second_start_is_told),
	INIT_TEST(pid_file_is_for_root_to_write),
	INIT_TEST(second_daemon_is_refused),
	INIT_TEST(restart_starts_what_does_not_run_and_try_restart_does_not),
	INIT_TEST(stop_removes_all),
	INIT_TEST(crash_is_told),
	INIT_TEST(other_process_is_not_taken_for_the_daemon),
	INIT_TEST(end_without_the_script_is_no_crash),
	INIT_TEST(broken_file_is_told_where_it_is_broken),
	INIT_TEST(example_of_the_file_is_understood),
	INIT_TEST(device_that_is_missing_is_told),
	INIT_TEST(what_is_missing_is_told),
	INIT_TEST(start_and_end_are_in_the_system_log),
};

static int run_on(const char *name, const char *machine)
{
	const struct init_system script = {
		.name = name,
		.machine = machine,
		.reset = SCRIPT " stop; rm -rf " PIDFILE " " DEFAULT
				" " SOCKETS,
		.start = SCRIPT " start",
		.reload = SCRIPT " reload",
		.restart = SCRIPT " restart",
		.status = SCRIPT " status",
		.running = "running, process",
		.pid = "cat " PIDFILE,
		.reason = SCRIPT " force-reload 2>&1",
		.no_caps = "CapEff",
	};

	return init_run_tests(&script, tests, sizeof(tests) / sizeof(tests[0]));
}

int main(void)
{
	return run_on("Debian", "lsb") + run_on("busybox", "busybox");
}
