/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The unit, under a systemd that is process 1 of its machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/init/system.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define UNIT "vhost-device-spi"

static void status_tells_the_number_of_guests(void **state)
{
	struct machine *m = init_need(state);

	init_start(m);
	machine_expect(m, 0, "systemctl status " UNIT);
	machine_expect_output(m, "Status: \"serving 1 guest\"");
	machine_expect(m, 0,
		       "echo guest socket=" SOCKETS
		       "/b.sock,device=sim:loopback >> " CONFIG);
	machine_expect(m, 0, "systemctl reload " UNIT);
	machine_wait(m, "systemctl status " UNIT " | grep 'serving 2 guests'");
}

static void second_daemon_is_refused(void **state)
{
	struct machine *m = init_need(state);
	char expected[200];
	int pid = init_start(m);

	machine_expect(m, 1,
		       DAEMON " --pidfile=" SOCKETS "/pid --config=" CONFIG);
	snprintf(expected, sizeof(expected),
		 "vhost-device-spi: --pidfile=" SOCKETS
		 "/pid: already running, process %d\n",
		 pid);
	assert_string_equal(m->output, expected);
	machine_expect(m, 1, DAEMON " --config=" CONFIG);
	machine_expect_output(m, "is served by another process");
	init_expect_served(m, "a");
	assert_int_equal(init_pid(m), pid);
}

static void stop_removes_all(void **state)
{
	struct machine *m = init_need(state);

	init_start(m);
	machine_expect(m, 0, "systemctl stop " UNIT);
	machine_expect(m, 3, "systemctl is-active " UNIT);
	machine_expect(m, 3, "systemctl status " UNIT);
	machine_expect(m, 0, "systemctl show -P Result " UNIT);
	assert_string_equal(m->output, "success\n");
	machine_expect(m, 1, "test -e " SOCKETS);
}

static void crash_is_mended_by_itself(void **state)
{
	struct machine *m = init_need(state);
	char command[200];
	int pid = init_start(m);

	machine_expect(m, 0, "kill -KILL %d", pid);
	snprintf(command, sizeof(command),
		 "systemctl is-active " UNIT
		 " && test $(systemctl show -P MainPID " UNIT ") != %d",
		 pid);
	machine_wait(m, command);
	init_expect_served(m, "a");
}

/*
 * A transfer is on the bus when the keeper dies. Its guest is told so, and not
 * that the connection is gone.
 */
static void guests_outlive_the_keeper(void **state)
{
	struct machine *m = init_need(state);
	int pid;

	machine_write(m, CONFIG,
		      "guest socket=" SOCKETS
		      "/a.sock,device=sim:loopback,timing=real\n");
	pid = init_start(m);
	machine_expect(m, 0,
		       "rm -f /tmp/status; (spi-xfer --socket " SOCKETS
		       "/a.sock --speed 10k --rx 4000 --timeout 60000; "
		       "echo $? > /tmp/status) > /dev/null 2>&1 & sleep 1");
	machine_expect(m, 0, "kill -KILL %d", pid);
	machine_wait(m, "test -s /tmp/status");
	machine_expect(m, 0, "cat /tmp/status");
	assert_string_equal(m->output, "4\n");
	machine_wait(m, "systemctl is-active " UNIT);
	assert_int_not_equal(init_pid(m), pid);
	init_expect_served(m, "a");
}

static void broken_file_is_an_error_in_the_journal(void **state)
{
	struct machine *m = init_need(state);

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
	struct machine *m = init_need(state);

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
	struct machine *m = init_need(state);

	machine_write(m, CONFIG,
		      "guest socket=" SOCKETS
		      "/n.sock, device=sim:nor, size=64K,\n"
		      "	file=/var/lib/vhost-device-spi/n.img\n");
	init_start(m);
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
	struct machine *m = init_need(state);

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
	struct machine *m = init_need(state);

	machine_expect(m, 0,
		       "systemd-analyze verify --man=no " UNIT ".service 2>&1");
	assert_string_equal(m->output, "");
}

/* On a scale to 100, which is no sandbox at all */
static void unit_is_a_sandbox(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0,
		       "systemd-analyze security --threshold=15 " UNIT
		       ".service");
}

/* vhost-device-spi@NAME: a process and places of its own */
static void template_serves_a_guest_beside_the_others(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, "mkdir -p /etc/vhost-device-spi");
	machine_write(m, "/etc/vhost-device-spi/lab.conf",
		      "guest socket=/run/vhost-device-spi-lab/spi.sock, "
		      "device=sim:nor, size=64K,\n"
		      "	file=/var/lib/vhost-device-spi-lab/n.img\n");
	machine_expect(m, 0, "systemctl start " UNIT "@lab");
	machine_expect(
		m, 0,
		"spi-xfer --socket /run/vhost-device-spi-lab/spi.sock --info");
	machine_expect(m, 0, "systemctl reload " UNIT "@lab");
	machine_expect(m, 0, "systemctl show -P Description " UNIT "@lab");
	assert_string_equal(m->output,
			    "SPI devices for virtual machines (lab)\n");
	machine_expect(m, 0, "systemctl stop " UNIT "@lab");
	machine_expect(m, 1, "test -e /run/vhost-device-spi-lab");
	machine_expect(m, 0, "test -s /var/lib/vhost-device-spi-lab/n.img");
	init_expect_served(m, "a");
	assert_int_equal(init_pid(m), pid);
	/* Without its file it is not started, and that is no error. */
	machine_expect(m, 0, "systemctl start " UNIT "@none");
	machine_expect(m, 3, "systemctl is-active " UNIT "@none");
	machine_expect(m, 0,
		       "systemd-analyze verify --man=no " UNIT
		       "@lab.service 2>&1");
	assert_string_equal(m->output, "");
}

static const struct init_system systemd = {
	.name = "systemd",
	.machine = "systemd",
	.prepare = "systemctl is-system-running --wait && systemd-sysusers "
		   "/usr/lib/sysusers.d/vhost-device-spi.conf",
	.reset = "systemctl stop " UNIT "; systemctl reset-failed " UNIT,
	.start = "systemctl start " UNIT,
	.reload = "systemctl reload " UNIT,
	.restart = "systemctl restart " UNIT,
	.status = "systemctl --no-pager status " UNIT,
	.running = "active (running)",
	.pid = "systemctl show -P MainPID " UNIT,
	.reason = "journalctl --no-pager -p err -b -u " UNIT,
	.no_caps = "Cap(Eff|Bnd|Prm)",
};

static const struct CMUnitTest tests[] = {
	INIT_TEST(status_tells_the_number_of_guests),
	INIT_TEST(second_daemon_is_refused),
	INIT_TEST(stop_removes_all),
	INIT_TEST(crash_is_mended_by_itself),
	INIT_TEST(guests_outlive_the_keeper),
	INIT_TEST(broken_file_is_an_error_in_the_journal),
	INIT_TEST(without_a_file_nothing_is_started),
	INIT_TEST(files_are_kept_where_the_unit_says),
	INIT_TEST(no_device_but_spidev_is_in_reach),
	INIT_TEST(unit_is_accepted_without_a_remark),
	INIT_TEST(unit_is_a_sandbox),
	INIT_TEST(template_serves_a_guest_beside_the_others),
};

int main(void)
{
	return init_run_tests(&systemd, tests,
			      sizeof(tests) / sizeof(tests[0]));
}
