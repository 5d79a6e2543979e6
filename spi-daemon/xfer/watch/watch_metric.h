/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A line in the text format of Prometheus. */
#ifndef WATCH_METRIC_H
#define WATCH_METRIC_H

#include <stdbool.h>

#define WATCH_MAX_LABELS 4

struct watch_metric {
	const char *name;
	struct {
		const char *name, *value;
	} labels[WATCH_MAX_LABELS];
	unsigned int label_count;
	double value;
};

/*
 * Cuts @line into its parts, which @metric then points to. Returns false if it
 * is a comment, or not such a line.
 */
bool watch_metric_parse(char *line, struct watch_metric *metric);

/* The value of a label, or "". */
const char *watch_metric_label(const struct watch_metric *metric,
			       const char *name);

#endif
