// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/plug.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/process.h"

#define UNPLUG_MS 60000

/* QEMU frees a device, and its chardev, some time after the device is gone. */
static bool is_busy(const char *answer)
{
	return strstr(answer, "is already in use") || strstr(answer, "is busy");
}

/* Runs a command, when it can be run, and shows the answer if it fails. */
static int run(struct guest *g, const char *command)
{
	int64_t deadline = process_now_ms() + UNPLUG_MS;
	char answer[512] = "";
	int err;

	while ((err = guest_qmp(g, command, answer, sizeof(answer))) == -EIO &&
	       is_busy(answer) && process_now_ms() < deadline)
		process_sleep_ms(20);
	if (err)
		fprintf(stderr, "%s: %d %s\n", command, err, answer);
	return err;
}

int plug_remove(struct guest *g)
{
	int64_t deadline = process_now_ms() + UNPLUG_MS;
	int err = run(g, "{\"execute\":\"device_del\","
			 "\"arguments\":{\"id\":\"plugged\"}}");

	/* It has a path in QEMU as long as the guest keeps it. */
	while (!err) {
		process_sleep_ms(20);
		err = guest_qmp(g,
				"{\"execute\":\"qom-list\",\"arguments\":"
				"{\"path\":\"/machine/peripheral/plugged\"}}",
				NULL, 0);
		if (!err && process_now_ms() > deadline)
			return -ETIMEDOUT;
	}
	return err == -EIO ? 0 : err;
}

int plug_add(struct guest *g, const char *name)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "{\"execute\":\"device_add\",\"arguments\":{"
		 "\"driver\":\"vhost-user-spi-pci\",\"id\":\"plugged\","
		 "\"bus\":\"" PLUG_PORT "\",\"chardev\":\"%s\"}}",
		 name);
	return run(g, command);
}

int plug_add_chardev(struct guest *g, const char *name, const char *socket)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"%s\","
		 "\"backend\":{\"type\":\"socket\",\"data\":{\"server\":false,"
		 "\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"%s\"}}}}}}",
		 name, socket);
	return run(g, command);
}

int plug_remove_chardev(struct guest *g, const char *name)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "{\"execute\":\"chardev-remove\",\"arguments\":"
		 "{\"id\":\"%s\"}}",
		 name);
	return run(g, command);
}
