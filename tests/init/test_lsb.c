/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The init script, with the shell and the LSB functions of Debian, and with
 * nothing but busybox. Its exit statuses are those of the LSB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/init/machine.h"

#define SCRIPT	"/etc/init.d/vhost-device-spi"
#define CONFIG	"/etc/vhost-device-spi.conf"
#define DEFAULT "/etc/default/vhost-device-spi"
#define PIDFILE "/run/vhost-device-spi.pid"
#define SOCKETS "/run/vhost-device-spi"
#define DAEMON	"/usr/sbin/vhost-device-spi"

static struct machine machine;

static int start_lsb(void **state)
{
	(void)state;
	return machine_start(&machine, "lsb");
}

static int start_busybox(void **state)
{
	(void)state;
	return machine_start(&machine, "busybox");
}

static int stop_machine(void **state)
{
	(void)state;
	machine_stop(&machine);
	return 0;
}

/* A machine with a configuration, on which the daemon does not run. */
static int setup(void **state)
{
	struct machine *m = &machine;

	*state = m;
	if (*m->missing)
		return 0;
	machine_run(m, SCRIPT " stop; rm -rf " PIDFILE " " DEFAULT " " SOCKETS);
	machine_write(m, CONFIG,
		      "guest name=a, socket=" SOCKETS
		      "/a.sock, device=sim:loopback\n");
	return 0;
}

static struct machine *need(void **state)
{
	machine_need(*state);
	return *state;
}

static int read_pid(struct machine *m)
{
	int pid = atoi(machine_expect(m, 0, "cat " PIDFILE));

	assert_true(pid > 1);
	machine_expect(m, 0, "kill -0 %d", pid);
	return pid;
}

static void start_serves_the_guests_of_the_file(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, SCRIPT " start");
	machine_expect_output(m, "started");
	/* At once, for the script waits for them. */
	machine_expect(m, 0, "ls -l " SOCKETS "/a.sock");
	machine_expect_output(m, "srwxrwx---");
	machine_expect(m, 0,
		       "spi-xfer --socket " SOCKETS "/a.sock --duplex 010203");
	assert_string_equal(m->output, "01 02 03\n");
	machine_expect(m, 0, SCRIPT " status");
	machine_expect_output(m, "running, process");
}

static void daemon_is_not_root(void **state)
{
	struct machine *m = need(state);
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
	machine_expect(m, 0, "stat -c %%U /proc/%d " SOCKETS "/a.sock", pid);
	assert_string_equal(m->output, "vhost-device-spi\nvhost-device-spi\n");
	machine_expect(m, 0, "grep CapEff /proc/%d/status", pid);
	machine_expect_output(m, "0000000000000000");
	machine_expect(m, 0, "stat -c '%%U %%a' " PIDFILE);
	assert_string_equal(m->output, "root 644\n");
}

static void user_and_group_can_be_set(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, "mkdir -p /etc/default");
	machine_write(m, DEFAULT, "user=vhost-device-spi:root\n");
	machine_expect(m, 0, SCRIPT " start");
	machine_expect(m, 0, "stat -c %%U:%%G " SOCKETS "/a.sock");
	assert_string_equal(m->output, "vhost-device-spi:root\n");
}

static void second_start_leaves_the_first_alone(void **state)
{
	struct machine *m = need(state);
	char expected[100];
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
	machine_expect(m, 0, SCRIPT " start");
	snprintf(expected, sizeof(expected), "already running, process %d",
		 pid);
	machine_expect_output(m, expected);
	assert_int_equal(read_pid(m), pid);
	machine_expect(m, 0, "ls " SOCKETS "/a.sock");
}

/* Past the script: the lock on the file. */
static void second_daemon_is_refused(void **state)
{
	struct machine *m = need(state);
	char expected[200];
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
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
	assert_int_equal(read_pid(m), pid);
}

static void reload_adds_a_guest(void **state)
{
	struct machine *m = need(state);
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
	machine_expect(m, 0,
		       "echo guest socket=" SOCKETS
		       "/b.sock,device=sim:loopback >> " CONFIG);
	machine_expect(m, 0, SCRIPT " reload");
	machine_wait(m, "ls " SOCKETS "/b.sock");
	machine_expect(m, 0, "ls " SOCKETS "/a.sock");
	assert_int_equal(read_pid(m), pid);
}

static void reload_of_a_broken_file_changes_nothing(void **state)
{
	struct machine *m = need(state);
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
	machine_expect(m, 0, "echo nonsense >> " CONFIG);
	machine_expect(m, 1, SCRIPT " force-reload");
	machine_expect_output(m, "vhost-device-spi: " CONFIG ":2: ");
	machine_expect(m, 0, "ls " SOCKETS "/a.sock");
	assert_int_equal(read_pid(m), pid);
}

static void restart_is_a_new_process(void **state)
{
	struct machine *m = need(state);
	int pid;

	machine_expect(m, 0, SCRIPT " try-restart");
	machine_expect(m, 3, SCRIPT " status");
	machine_expect(m, 0, SCRIPT " restart");
	pid = read_pid(m);
	machine_expect(m, 0, SCRIPT " restart");
	assert_int_not_equal(read_pid(m), pid);
	pid = read_pid(m);
	machine_expect(m, 0, SCRIPT " try-restart");
	assert_int_not_equal(read_pid(m), pid);
	machine_expect(m, 0, "ls " SOCKETS "/a.sock");
}

static void stop_removes_all(void **state)
{
	struct machine *m = need(state);
	char gone[64];
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
	machine_expect(m, 0, SCRIPT " stop");
	machine_expect_output(m, "stopped");
	/* The machine's init takes a moment to notice. */
	snprintf(gone, sizeof(gone), "! kill -0 %d 2> /dev/null", pid);
	machine_wait(m, gone);
	machine_expect(m, 1, "test -e " PIDFILE);
	machine_expect(m, 0, "ls " SOCKETS);
	assert_string_equal(m->output, "");
	machine_expect(m, 3, SCRIPT " status");
	machine_expect_output(m, "not running");
	machine_expect(m, 0, SCRIPT " stop");
	machine_expect(m, 7, SCRIPT " reload");
}

static void crash_is_told_and_mended(void **state)
{
	struct machine *m = need(state);
	int pid;

	machine_expect(m, 0, SCRIPT " start");
	pid = read_pid(m);
	machine_expect(m, 0, "kill -KILL %d", pid);
	machine_wait(m, "! kill -0 $(cat " PIDFILE ") 2> /dev/null");
	machine_expect(m, 1, SCRIPT " status");
	machine_expect_output(m, PIDFILE);
	machine_expect(m, 0, SCRIPT " start");
	assert_int_not_equal(read_pid(m), pid);
}

/* The number in a file that was left is somebody else's by now. */
static void other_process_is_not_taken_for_the_daemon(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, "echo 1 > " PIDFILE);
	machine_expect(m, 1, SCRIPT " status");
	machine_expect(m, 7, SCRIPT " reload");
	machine_expect(m, 0, SCRIPT " start");
	assert_int_not_equal(read_pid(m), 1);
}

/* SIGTERM from somebody else: what is left must not look like a crash. */
static void end_without_the_script_is_no_crash(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, SCRIPT " start");
	machine_expect(m, 0, "kill -TERM $(cat " PIDFILE ")");
	machine_wait(m, "! test -e " SOCKETS "/a.sock");
	machine_wait(m, SCRIPT " status; test $? = 3");
	machine_expect(m, 0, SCRIPT " start");
}

static void broken_file_is_told_where_it_is_broken(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, "echo nonsense >> " CONFIG);
	machine_expect(m, 1, SCRIPT " start");
	machine_expect_output(m, "vhost-device-spi: " CONFIG ":2: ");
	machine_expect_output(m, "not started");
	machine_expect(m, 3, SCRIPT " status");
}

/* As it is, but for its devices, which are not here */
static void example_of_the_file_is_understood(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, "cat " CONFIG ".example > " CONFIG);
	machine_expect(m, 1, SCRIPT " start");
	machine_expect_output(m,
			      "guest router: device=/dev/spidev0.0: No such");
}

/* Found only when the daemon is in the background already. */
static void device_that_is_missing_is_told(void **state)
{
	struct machine *m = need(state);

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
	struct machine *m = need(state);

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
	struct machine *m = need(state);

	machine_expect(m, 0, ": > /run/messages");
	machine_expect(m, 0, SCRIPT " start");
	machine_wait(m, "grep 'daemon.info vhost-device-spi.[0-9]*.: serving "
			"1 guest' /run/messages");
	machine_expect(m, 0, SCRIPT " stop");
	machine_wait(m, "grep 'daemon.info vhost-device-spi.[0-9]*.: ending' "
			"/run/messages");
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

static const struct CMUnitTest tests[] = {
	TEST(start_serves_the_guests_of_the_file),
	TEST(daemon_is_not_root),
	TEST(user_and_group_can_be_set),
	TEST(second_start_leaves_the_first_alone),
	TEST(second_daemon_is_refused),
	TEST(reload_adds_a_guest),
	TEST(reload_of_a_broken_file_changes_nothing),
	TEST(restart_is_a_new_process),
	TEST(stop_removes_all),
	TEST(crash_is_told_and_mended),
	TEST(other_process_is_not_taken_for_the_daemon),
	TEST(end_without_the_script_is_no_crash),
	TEST(broken_file_is_told_where_it_is_broken),
	TEST(example_of_the_file_is_understood),
	TEST(device_that_is_missing_is_told),
	TEST(what_is_missing_is_told),
	TEST(start_and_end_are_in_the_system_log),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("Debian", tests, start_lsb,
						 stop_machine);

	failed += cmocka_run_group_tests_name("busybox", tests, start_busybox,
					      stop_machine);
	return failed;
}
