/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/config/key/scaled.h"
#include "spi-daemon/config/key/trace_name.h"
#include "spi-daemon/config/trace_option.h"

int trace_option_add(struct option_parser *p, const char *path)
{
	struct options *options = p->options;
	char *copy;

	if (!trace_name_is_good(path)) {
		snprintf(p->error, p->error_size,
			 "--trace=%.200s is not " TRACE_NAMES, path);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < options->trace_count; i++)
		if (!strcmp(options->traces[i], path))
			return OPTIONS_RUN;
	if (options->trace_count == OPTIONS_MAX_TRACES) {
		snprintf(p->error, p->error_size,
			 "--trace=%.200s: there are more than %d traces", path,
			 OPTIONS_MAX_TRACES);
		return -EINVAL;
	}
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	options->traces[options->trace_count++] = copy;
	return OPTIONS_RUN;
}

int trace_option_set_size(struct option_parser *p, const char *value)
{
	uint64_t *size = &p->options->trace_size;

	*size = 0;
	if (!strcmp(value, "0") ||
	    !scaled_parse(value, SCALED_SIZE, OPTIONS_TRACE_SIZE_MIN,
			  OPTIONS_TRACE_SIZE_MAX, size))
		return OPTIONS_RUN;
	snprintf(p->error, p->error_size,
		 "--trace-size=%.64s is not a size from 64K to 1024G, or 0",
		 value);
	return -EINVAL;
}
