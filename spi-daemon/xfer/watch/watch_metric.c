/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/watch/watch_metric.h"

#include <stdlib.h>
#include <string.h>

/* Takes a quoted value, in place. Returns what is behind it, or NULL. */
static char *take_quoted(char *at, const char **value)
{
	char *to = ++at;

	*value = to;
	for (; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if (*at == '\0')
			return NULL;
		*to++ = *at == 'n' && at[-1] == '\\' ? '\n' : *at;
	}
	*to = '\0';
	return at + 1;
}

/* Takes name="value", ... up to the closing brace. Returns what is behind. */
static char *take_labels(char *at, struct watch_metric *metric)
{
	while (*at != '}') {
		char *equals = strchr(at, '=');
		const char *name = at, *value;

		if (!equals || equals[1] != '"')
			return NULL;
		*equals = '\0';
		at = take_quoted(equals + 1, &value);
		if (!at)
			return NULL;
		if (metric->label_count < WATCH_MAX_LABELS) {
			metric->labels[metric->label_count].name = name;
			metric->labels[metric->label_count++].value = value;
		}
		if (*at == ',')
			at++;
	}
	return at + 1;
}

bool watch_metric_parse(char *line, struct watch_metric *metric)
{
	size_t len = strcspn(line, "{ ");
	bool labels = line[len] == '{';
	char *at = line + len, *end;

	if (line[0] == '#' || len == 0 || !*at)
		return false;
	*metric = (struct watch_metric){ .name = line };
	*at++ = '\0';
	if (labels)
		at = take_labels(at, metric);
	if (!at)
		return false;
	metric->value = strtod(at, &end);
	return end > at;
}

const char *watch_metric_label(const struct watch_metric *metric,
			       const char *name)
{
	for (unsigned int i = 0; i < metric->label_count; i++)
		if (!strcmp(metric->labels[i].name, name))
			return metric->labels[i].value;
	return "";
}
