/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The unit, under a systemd that is process 1 of its machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/init/machine.h"
#include "tests/lib/skip.h"

#define UNIT	"vhost-device-spi"
#define CONFIG	"/etc/vhost-device-spi.conf"
#define SOCKETS "/run/vhost-device-spi"
#define DAEMON	"/usr/sbin/vhost-device-spi"

static struct machine machine;

static int start_machine(void **state)
{
	(void)state;
	if (machine_start(&machine, "systemd") < 0)
		return -1;
	if (*machine.missing)
		return 0;
	machine_wait(&machine, "systemctl is-system-running --wait");
	machine_expect(&machine, 0,
		       "systemd-sysusers "
		       "/usr/lib/sysusers.d/vhost-device-spi.conf");
	return 0;
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
	machine_run(m, "systemctl stop " UNIT "; systemctl reset-failed " UNIT);
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

static int main_pid(struct machine *m)
{
	return atoi(machine_expect(m, 0, "systemctl show -P MainPID " UNIT));
}

static int start(struct machine *m)
{
	int pid;

	if (machine_run(m, "systemctl start " UNIT)) {
		machine_run(m, "journalctl --no-pager -n 30; "
			       "systemctl --no-pager status " UNIT);
		fail_msg("not started:\n%s", m->output);
	}
	pid = main_pid(m);
	assert_true(pid > 1);
	return pid;
}

static void start_serves_the_guests_of_the_file(void **state)
{
	struct machine *m = need(state);

	start(m);
	/* At once, for systemd waits for READY=1. */
	machine_expect(m, 0, "ls -l " SOCKETS "/a.sock");
	machine_expect_output(m, "srwxrwx---");
	machine_expect(m, 0,
		       "spi-xfer --socket " SOCKETS "/a.sock --duplex 010203");
	assert_string_equal(m->output, "01 02 03\n");
	machine_expect(m, 0, "systemctl status " UNIT);
	machine_expect_output(m, "active (running)");
	machine_expect_output(m, "Status: \"serving 1 guest\"");
}

static void daemon_is_not_root(void **state)
{
	struct machine *m = need(state);
	int pid = start(m);

	machine_expect(m, 0, "stat -c %%U /proc/%d " SOCKETS "/a.sock", pid);
	assert_string_equal(m->output, "vhost-device-spi\nvhost-device-spi\n");
	machine_expect(m, 0,
		       "grep -E 'Cap(Eff|Bnd|Prm)' /proc/%d/status | "
		       "grep -vc 0000000000000000; true",
		       pid);
	assert_string_equal(m->output, "0\n");
}

static void second_start_leaves_the_first_alone(void **state)
{
	struct machine *m = need(state);
	char expected[200];
	int pid = start(m);

	assert_int_equal(start(m), pid);
	machine_expect(m, 1,
		       DAEMON " --pidfile=" SOCKETS "/pid --config=" CONFIG);
	snprintf(expected, sizeof(expected),
		 "vhost-device-spi: --pidfile=" SOCKETS
		 "/pid: already running, process %d\n",
		 pid);
	assert_string_equal(m->output, expected);
	machine_expect(m, 1, DAEMON " --config=" CONFIG);
	machine_expect_output(m, "is served by another process");
	machine_expect(m, 0, "spi-xfer --socket " SOCKETS "/a.sock --info");
	assert_int_equal(main_pid(m), pid);
}

static void reload_adds_a_guest(void **state)
{
	struct machine *m = need(state);
	int pid = start(m);

	machine_expect(m, 0,
		       "echo guest socket=" SOCKETS
		       "/b.sock,device=sim:loopback >> " CONFIG);
	machine_expect(m, 0, "systemctl reload " UNIT);
	machine_wait(m, "systemctl status " UNIT " | grep 'serving 2 guests'");
	machine_expect(m, 0, "spi-xfer --socket " SOCKETS "/b.sock --info");
	machine_expect(m, 0, "systemctl is-active " UNIT);
	assert_int_equal(main_pid(m), pid);
}

static void reload_of_a_broken_file_changes_nothing(void **state)
{
	struct machine *m = need(state);
	int pid = start(m);

	machine_expect(m, 0, "echo nonsense >> " CONFIG);
	machine_expect(m, 1, "systemctl reload " UNIT);
	machine_wait(m,
		     "journalctl -p err -b -u " UNIT " | grep " CONFIG ":2:");
	machine_wait(m, "systemctl is-active " UNIT);
	machine_expect(m, 0, "spi-xfer --socket " SOCKETS "/a.sock --info");
	assert_int_equal(main_pid(m), pid);
}

static void stop_removes_all(void **state)
{
	struct machine *m = need(state);

	start(m);
	machine_expect(m, 0, "systemctl stop " UNIT);
	machine_expect(m, 3, "systemctl is-active " UNIT);
	machine_expect(m, 3, "systemctl status " UNIT);
	machine_expect(m, 0, "systemctl show -P Result " UNIT);
	assert_string_equal(m->output, "success\n");
	machine_expect(m, 1, "test -e " SOCKETS);
}

static void restart_is_a_new_process(void **state)
{
	struct machine *m = need(state);
	int pid = start(m);

	machine_expect(m, 0, "systemctl restart " UNIT);
	assert_int_not_equal(main_pid(m), pid);
	machine_expect(m, 0, "spi-xfer --socket " SOCKETS "/a.sock --info");
}

static void crash_is_mended(void **state)
{
	struct machine *m = need(state);
	char command[200];
	int pid = start(m);

	machine_expect(m, 0, "kill -KILL %d", pid);
	snprintf(command, sizeof(command),
		 "systemctl is-active " UNIT
		 " && test $(systemctl show -P MainPID " UNIT ") != %d",
		 pid);
	machine_wait(m, command);
	machine_expect(m, 0, "spi-xfer --socket " SOCKETS "/a.sock --info");
}

static void broken_file_is_an_error_in_the_journal(void **state)
{
	struct machine *m = need(state);

	machine_write(m, CONFIG, "\nnonsense\n");
	machine_expect(m, 1, "systemctl start " UNIT);
	machine_expect(m, 0, "systemctl stop " UNIT);
	machine_expect(m, 0,
		       "journalctl -p err -b -o cat -u " UNIT
		       " -t vhost-device-spi _TRANSPORT=stdout");
	machine_expect_output(m, CONFIG ":2: ");
	assert_null(strstr(m->output, "<3>"));
	/* Once is enough, in spite of --syslog. */
	machine_expect(m, 0,
		       "! journalctl -q -b -t vhost-device-spi "
		       "_TRANSPORT=syslog | grep .");
}

static void without_a_file_nothing_is_started(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0, "rm " CONFIG);
	machine_expect(m, 0, "systemctl start " UNIT);
	machine_expect(m, 3, "systemctl is-active " UNIT);
	assert_string_equal(m->output, "inactive\n");
}

/*
 * The sandbox leaves the place for flash files writable, and nothing else:
 * a file of sim:nor is made in the one, not in the other.
 */
static void files_are_kept_where_the_unit_says(void **state)
{
	struct machine *m = need(state);

	machine_write(m, CONFIG,
		      "guest socket=" SOCKETS
		      "/n.sock, device=sim:nor, size=64K,\n"
		      "	file=/var/lib/vhost-device-spi/n.img\n");
	start(m);
	machine_expect(m, 0, "stat -c %%s /var/lib/vhost-device-spi/n.img");
	assert_string_equal(m->output, "65536\n");
	machine_expect(m, 0, "systemctl stop " UNIT);
	machine_expect(m, 0, "mkdir -m 777 -p /var/lib/elsewhere");
	machine_write(m, CONFIG,
		      "guest socket=" SOCKETS
		      "/n.sock, device=sim:nor, size=64K,\n"
		      "	file=/var/lib/elsewhere/n.img\n");
	machine_expect(m, 1, "systemctl start " UNIT);
	machine_expect(m, 0, "systemctl stop " UNIT);
	machine_expect(m, 0, "journalctl -b -n 20 -o cat -u " UNIT);
	machine_expect_output(m, "Read-only file system");
}

/*
 * A node that anybody may open. No driver has its number, so without a sandbox
 * it would be found out that there is no device.
 */
static void no_device_but_spidev_is_in_reach(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0,
		       "test -e /dev/other || { mknod /dev/other c 240 0 "
		       "&& chmod 666 /dev/other; }");
	machine_write(m, CONFIG,
		      "guest socket=" SOCKETS "/o.sock, device=/dev/other\n");
	machine_expect(m, 1, "systemctl start " UNIT);
	machine_expect(m, 0, "systemctl stop " UNIT);
	machine_expect(m, 0, "journalctl -b -n 20 -o cat -u " UNIT);
	if (strstr(m->output, "No such device or address")) {
		skip_because("this kernel does not keep a service "
			     "from devices");
	}
	machine_expect_output(m, "/dev/other: Operation not permitted");
}

static void unit_is_accepted_without_a_remark(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0,
		       "systemd-analyze verify --man=no " UNIT ".service 2>&1");
	assert_string_equal(m->output, "");
}

/* On a scale to 100, which is no sandbox at all */
static void unit_is_a_sandbox(void **state)
{
	struct machine *m = need(state);

	machine_expect(m, 0,
		       "systemd-analyze security --threshold=20 " UNIT
		       ".service");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup(test, setup)
	const struct CMUnitTest tests[] = {
		TEST(start_serves_the_guests_of_the_file),
		TEST(daemon_is_not_root),
		TEST(second_start_leaves_the_first_alone),
		TEST(reload_adds_a_guest),
		TEST(reload_of_a_broken_file_changes_nothing),
		TEST(stop_removes_all),
		TEST(restart_is_a_new_process),
		TEST(crash_is_mended),
		TEST(broken_file_is_an_error_in_the_journal),
		TEST(without_a_file_nothing_is_started),
		TEST(files_are_kept_where_the_unit_says),
		TEST(no_device_but_spidev_is_in_reach),
		TEST(unit_is_accepted_without_a_remark),
		TEST(unit_is_a_sandbox),
	};

	return cmocka_run_group_tests(tests, start_machine, stop_machine);
}
