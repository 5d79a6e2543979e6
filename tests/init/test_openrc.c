/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The script of OpenRC, under its rc-service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/init/system.h"
#include "tests/lib/test.h"

#define SERVICE "rc-service vhost-device-spi "

static void stop_removes_all(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, SERVICE "stop");
	machine_wait_gone(m, pid);
	machine_expect(m, 1, "test -e /run/vhost-device-spi.pid");
	machine_expect(m, 3, SERVICE "status");
}

static void crash_is_told(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, "kill -KILL %d", pid);
	machine_wait_gone(m, pid);
	machine_expect(m, 32, SERVICE "status");
	machine_expect_output(m, "crashed");
}

static void upgrade_keeps_the_process(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0, ": > /run/messages");
	machine_expect(m, 0, SERVICE "upgrade");
	machine_wait(m, "grep 'the keeper runs the new binary, too' "
			"/run/messages");
	init_expect_served(m, "a");
	assert_int_equal(init_pid(m), pid);
}

static void without_a_file_nothing_is_started(void **state)
{
	struct machine *m = init_need(state);

	machine_expect(m, 0, "rm " CONFIG);
	machine_expect(m, 1, SERVICE "start 2>&1");
	machine_expect_output(m, CONFIG);
}

static void user_can_be_set(void **state)
{
	struct machine *m = init_need(state);
	int pid;

	machine_write(m, "/etc/conf.d/vhost-device-spi", "user=root:daemon\n");
	pid = init_start(m);
	machine_expect(m, 0, "stat -c %%G /proc/%d " SOCKETS "/a.sock", pid);
	assert_string_equal(m->output, "daemon\ndaemon\n");
}

/* A link to the script is a process of its own. */
static void service_of_another_name_has_its_own_places(void **state)
{
	struct machine *m = init_need(state);
	int pid = init_start(m);

	machine_expect(m, 0,
		       "ln -sf vhost-device-spi "
		       "/etc/init.d/vhost-device-spi.lab "
		       "&& mkdir -p /etc/vhost-device-spi");
	machine_write(m, "/etc/vhost-device-spi/lab.conf",
		      "guest socket=/run/vhost-device-spi-lab/spi.sock, "
		      "device=sim:loopback\n");
	machine_expect(m, 0, "rc-service vhost-device-spi.lab start 2>&1");
	machine_expect(
		m, 0,
		"spi-xfer --socket /run/vhost-device-spi-lab/spi.sock --info");
	machine_expect(m, 0, "rc-service vhost-device-spi.lab stop 2>&1");
	init_expect_served(m, "a");
	assert_int_equal(init_pid(m), pid);
}

static const struct init_system openrc = {
	.name = "OpenRC",
	.machine = "openrc",
	.prepare = "test -e /run/openrc/softlevel",
	.reset = SERVICE "stop; " SERVICE "zap; "
			 "rm -rf /etc/conf.d/vhost-device-spi " SOCKETS,
	.start = SERVICE "status; test $? -ne 32 || " SERVICE "zap; " SERVICE
			 "start",
	.reload = SERVICE "reload",
	.restart = SERVICE "restart",
	.status = SERVICE "status",
	.running = "started",
	.pid = "cat /run/vhost-device-spi.pid",
	.reason = SERVICE "reload 2>&1",
	.no_caps = "CapEff",
};

static const struct CMUnitTest tests[] = {
	INIT_TEST(stop_removes_all),
	INIT_TEST(crash_is_told),
	INIT_TEST(upgrade_keeps_the_process),
	INIT_TEST(without_a_file_nothing_is_started),
	INIT_TEST(user_can_be_set),
	INIT_TEST(service_of_another_name_has_its_own_places),
};

int main(void)
{
	return init_run_tests(&openrc, tests, sizeof(tests) / sizeof(tests[0]));
}
