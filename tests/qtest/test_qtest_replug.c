// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Devices that are unplugged and plugged by QEMU's own front end, on the same
 * chardev and on a new one. There is no guest: the reset of the machine lets
 * the unplugged device go.
 */
#include <stdio.h>
#include <string.h>

#include "tests/lib/process.h"
#include "tests/lib/qemu/qmp.h"
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"

#define ROUNDS 8

static bool device_is_there(struct qtest *qt)
{
	char reply[4096];

	qtest_qmp(qt, reply, sizeof(reply),
		  "{\"execute\":\"qom-list\",\"arguments\":{"
		  "\"path\":\"/machine/peripheral\"}}");
	return strstr(reply, "\"spi\"");
}

/* A device that has gone keeps its chardev for a moment longer. */
static void retry(struct qtest *qt, const char *json)
{
	int64_t deadline = process_now_ms() + QTEST_MS;
	char reply[1024] = "";

	while (qmp_command(&qt->qmp, json, reply, sizeof(reply))) {
		if (process_now_ms() > deadline)
			qtest_fail(qt, "%.100s: %.300s", json, reply);
		process_sleep_ms(5);
	}
}

static void plug(struct qtest *qt, unsigned int chardev)
{
	char json[256];

	snprintf(json, sizeof(json),
		 "{\"execute\":\"device_add\",\"arguments\":{"
		 "\"driver\":\"vhost-user-spi-pci\",\"id\":\"spi\","
		 "\"chardev\":\"spi%u\",\"addr\":\"0x%x\"}}",
		 chardev, BENCH_PCI_SLOT(0));
	retry(qt, json);
}

static void unplug(struct qtest *qt)
{
	int64_t deadline = process_now_ms() + QTEST_MS;

	qtest_qmp(qt, NULL, 0,
		  "{\"execute\":\"device_del\",\"arguments\":{"
		  "\"id\":\"spi\"}}");
	qtest_execute(qt, "system_reset");
	while (device_is_there(qt)) {
		if (process_now_ms() > deadline)
			qtest_fail(qt, "the device is not let go");
		process_sleep_ms(5);
	}
}

/* A new connection, as libvirt makes one for each device. */
static void replace_chardev(struct bench *b, struct qtest *qt,
			    unsigned int chardev)
{
	char json[128];

	snprintf(json, sizeof(json),
		 "{\"execute\":\"chardev-remove\",\"arguments\":{"
		 "\"id\":\"spi%u\"}}",
		 chardev);
	retry(qt, json);
	qtest_qmp(qt, NULL, 0,
		  "{\"execute\":\"chardev-add\",\"arguments\":{"
		  "\"id\":\"spi%u\",\"backend\":{\"type\":\"socket\","
		  "\"data\":{\"server\":false,\"addr\":{\"type\":\"unix\","
		  "\"data\":{\"path\":\"%s\"}}}}}}",
		  chardev + 1, daemon_socket(&b->daemon, 0));
}

static struct qtest *boot(struct bench *b)
{
	/* i440fx: its PCI bus takes hot-plug without a guest. */
	const char *args[] = { "-machine", "pc", "-chardev", NULL, NULL };
	struct qtest *qt = &b->qemu[0];
	char chardev[DAEMON_PATH_MAX + 32];

	snprintf(chardev, sizeof(chardev), "socket,id=spi0,path=%s",
		 daemon_socket(&b->daemon, 0));
	args[3] = chardev;
	*qt = (struct qtest){ .peer_log = b->daemon_log };
	qtest_start(qt, args);
	return qt;
}

static void run_devices(void **state, bool new_chardev, uint64_t features)
{
	struct bench *b = bench_open(state);
	struct qtest *qt = boot(b);

	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int chardev = new_chardev ? i : 0;
		struct spi_driver *spi;

		plug(qt, chardev);
		spi = bench_find(b, qt, 0);
		spi_driver_start(spi, features);
		spi_driver_check_id(spi);
		spi_driver_check_echo(spi, 100, i);
		unplug(qt);
		if (new_chardev)
			replace_chardev(b, qt, chardev);
	}
	qtest_check_running(qt);
	daemon_check_alive(&b->daemon);
}

static void devices_in_a_row_on_one_chardev(void **state)
{
	run_devices(state, false, BENCH_SPLIT | BENCH_EVENT_IDX);
}

static void devices_in_a_row_on_one_chardev_packed(void **state)
{
	run_devices(state, false, BENCH_PACKED | BENCH_EVENT_IDX);
}

static void devices_in_a_row_on_new_chardevs(void **state)
{
	run_devices(state, true, BENCH_SPLIT | BENCH_EVENT_IDX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(devices_in_a_row_on_one_chardev),
		BENCH_TEST(devices_in_a_row_on_one_chardev_packed),
		BENCH_TEST(devices_in_a_row_on_new_chardevs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
