/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "spi-daemon/system/long_option.h"

const char *long_option_unknown(int argc, char *const *argv,
				const struct option *options)
{
	/* Before the first call optind is 0, for getopt_long() to start. */
	int next = optind ? optind : 1;
	const char *name;
	size_t len;

	if (next >= argc || strncmp(argv[next], "--", 2) != 0)
		return NULL;
	name = argv[next] + 2;
	if (!*name) /* "--" ends the options */
		return NULL;
	len = strcspn(name, "=");
	for (; options->name; options++) {
		if (strlen(options->name) == len &&
		    !strncmp(options->name, name, len))
			return NULL;
	}
	return argv[next];
}
