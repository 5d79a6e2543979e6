/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The Debian packages on a machine with systemd, in the order of their life:
 * installed, started, upgraded, removed, purged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/init/system.h"
#include "tests/lib/test.h"

#define UNIT	 "vhost-device-spi"
#define PACKAGES "vhost-device-spi spi-xfer"

static struct machine machine;

static int start_machine(void **state)
{
	(void)state;
	if (machine_start(&machine, "deb") < 0)
		return -1;
	if (!*machine.missing)
		machine_wait(&machine, "systemctl is-system-running --wait");
	return 0;
}

static int stop_machine(void **state)
{
	(void)state;
	machine_stop(&machine);
	return 0;
}

static struct machine *need_machine(void)
{
	machine_need(&machine);
	return &machine;
}

static int main_pid(struct machine *m)
{
	return atoi(machine_expect(m, 0, "systemctl show -P MainPID " UNIT));
}

static void write_config(struct machine *m)
{
	machine_write(m, CONFIG,
		      "guest name=a, socket=" SOCKETS
		      "/a.sock, device=sim:loopback\n");
}

static void packages_can_be_installed(void **state)
{
	struct machine *m = need_machine();

	(void)state;
	machine_expect(m, 0,
		       "cd /packages && dpkg -i vhost-device-spi_*.deb "
		       "spi-xfer_*.deb 2>&1");
	machine_expect(m, 0,
		       "vhost-device-spi --version && spi-xfer --version");
	machine_expect(m, 0, "id vhost-device-spi");
	machine_expect(
		m, 0,
		"test -h /etc/systemd/system/multi-user.target.wants/" UNIT
		".service");
	/* There is nothing to serve yet. */
	machine_expect(m, 3, "systemctl is-active " UNIT);
	machine_expect(m, 0, "dpkg --verify " PACKAGES);
	assert_string_equal(m->output, "");
}

static void service_starts_once_it_is_configured(void **state)
{
	struct machine *m = need_machine();

	(void)state;
	write_config(m);
	machine_expect(m, 0, "systemctl start " UNIT);
	assert_true(main_pid(m) > 1);
	init_expect_served(m, "a");
}

/* Another version of the package, of the same files */
static void make_next_version(struct machine *m)
{
	machine_expect(
		m, 0,
		"cd /packages && dpkg-deb -R vhost-device-spi_*.deb next "
		"&& sed -i 's/^Version: .*/&+next/' next/DEBIAN/control "
		"&& dpkg-deb -b next next.deb 2>&1");
}

/* A guest sends all the while, over one connection. */
static void guest_stays_connected_over_an_upgrade(void **state)
{
	struct machine *m = need_machine();
	int pid = main_pid(m);

	(void)state;
	make_next_version(m);
	machine_expect(m, 0,
		       "rm -f /tmp/stop /tmp/status; "
		       "(while test ! -e /tmp/stop; do echo tx 01; sleep 0.05; "
		       "done | spi-xfer --socket " SOCKETS
		       "/a.sock --timeout 60000 --script -; "
		       "echo $? > /tmp/status) > /dev/null 2>&1 & sleep 1");
	machine_expect(m, 0, "dpkg -i /packages/next.deb 2>&1");
	machine_wait(m, "journalctl -q -b -t vhost-device-spi | "
			"grep 'the keeper runs the new binary, too'");
	machine_expect(m, 0, "sleep 1; test ! -e /tmp/status");
	machine_expect(m, 0, "touch /tmp/stop");
	machine_wait(m, "test -s /tmp/status");
	machine_expect(m, 0, "cat /tmp/status");
	assert_string_equal(m->output, "0\n");
	assert_int_equal(main_pid(m), pid);
	machine_expect(m, 0, "dpkg-query -W -f '${Version}' vhost-device-spi");
	machine_expect_output(m, "+next");
	init_expect_served(m, "a");
}

static void removal_stops_the_service_and_keeps_its_configuration(void **state)
{
	struct machine *m = need_machine();

	(void)state;
	machine_expect(m, 0, "dpkg -r " PACKAGES " 2>&1");
	machine_expect(m, 1, "test -e " SOCKETS);
	machine_expect(m, 1, "test -e /usr/sbin/vhost-device-spi");
	machine_expect(m, 0, "test -e " CONFIG);
}

static void package_can_be_installed_again(void **state)
{
	struct machine *m = need_machine();

	(void)state;
	machine_expect(m, 0, "dpkg -i /packages/vhost-device-spi_*.deb 2>&1");
	machine_wait(m, "systemctl is-active " UNIT);
}

static void purge_leaves_nothing(void **state)
{
	struct machine *m = need_machine();

	(void)state;
	machine_expect(m, 0, "dpkg -P " PACKAGES " 2>&1");
	/* But for the user, whom files may belong to, and for logs */
	machine_expect(
		m, 0,
		"find / -xdev -path /proc -prune -o -path /packages "
		"-prune -o -path /old -prune -o "
		"-path /run/units -prune -o "
		"\\( -name '*vhost-device-spi*' -o -name 'spi-xfer*' \\) "
		"-newer /packages -print");
	assert_string_equal(m->output, "");
	machine_expect(m, 1, "pgrep -x vhost-device-sp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_can_be_installed),
		cmocka_unit_test(service_starts_once_it_is_configured),
		cmocka_unit_test(guest_stays_connected_over_an_upgrade),
		cmocka_unit_test(
			removal_stops_the_service_and_keeps_its_configuration),
		cmocka_unit_test(package_can_be_installed_again),
		cmocka_unit_test(purge_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, start_machine, stop_machine);
}
