// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/qemu/qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/process.h"

#define QMP_MS 60000

int qmp_open(struct channel *c, int64_t deadline)
{
	char line[1024];
	int err = channel_read_line(c, line, sizeof(line), deadline);

	if (err)
		return err;
	return qmp_command(c, "{\"execute\":\"qmp_capabilities\"}", NULL, 0);
}

int qmp_command(struct channel *c, const char *json, char *reply, size_t size)
{
	int64_t deadline = process_now_ms() + QMP_MS;
	char line[4096];
	int err;

	err = channel_write(c, json, strlen(json));
	if (!err)
		err = channel_write(c, "\n", 1);
	while (!err) {
		err = channel_read_line(c, line, sizeof(line), deadline);
		if (err)
			break;
		/* Events come in between. */
		if (strncmp(line, "{\"return\"", 9) == 0)
			break;
		if (strncmp(line, "{\"error\"", 8) == 0)
			err = -EIO;
	}
	if (reply && size && (!err || err == -EIO))
		snprintf(reply, size, "%s", line);
	return err;
}
