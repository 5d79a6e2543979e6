/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/key/trace_name.h"

bool trace_name_is_good(const char *path)
{
	static const char *const suffixes[] = { ".vcd", ".txt", ".jsonl" };
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t end = strlen(suffixes[i]);

		if (len > end && !strcmp(path + len - end, suffixes[i]))
			return true;
	}
	return false;
}

char *trace_name_drop(const char *text)
{
	static const char key[] = "trace=";
	char *copy = strdup(text), *rest = copy, *item;
	char *result = calloc(1, strlen(text) + 1);

	while (copy && result && (item = strsep(&rest, ","))) {
		if (!strncmp(item, key, strlen(key)))
			continue;
		if (*result)
			strcat(result, ",");
		strcat(result, item);
	}
	if (!copy) {
		free(result);
		result = NULL;
	}
	free(copy);
	return result;
}
