/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/kernel_log.h"

#include <stdio.h>
#include <string.h>

static const char *const faults[] = {
	"is not a head", /* virtio_ring: the queue is broken from now on */
	"hung task",	 "blocked for more than", "BUG:", "Oops",
};

static bool tells_of_fault(const char *line)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		if (strstr(line, faults[i]))
			return true;
	return false;
}

bool kernel_log_find_fault(const char *path, char *line, size_t size)
{
	FILE *log = fopen(path, "re");
	bool found = false;
	char text[512];

	while (log && !found && fgets(text, sizeof(text), log))
		found = tells_of_fault(text);
	if (log)
		fclose(log);
	if (found) {
		text[strcspn(text, "\r\n")] = '\0';
		snprintf(line, size, "%s", text);
	}
	return found;
}
