/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The labels of guests, devices and buses, as metrics of Prometheus have them
 */
#ifndef STATS_LABELS_H
#define STATS_LABELS_H

#include <stdbool.h>

#include "spi-daemon/stats/stats_view.h"

/* Each in the order of the view, and as prom_label() makes it */
struct stats_labels {
	char **guests;
	char **devices; /* with the bus of each */
	char **buses;
};

/*
 * Fills @labels, which stats_labels_free() frees. Returns false if there is no
 * memory; some are missing then.
 */
bool stats_labels_make(struct stats_labels *labels,
		       const struct stats_view *view);

/* @labels is of @view, or zeroed. */
void stats_labels_free(struct stats_labels *labels,
		       const struct stats_view *view);

#endif
