/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Statistics for Prometheus. docs/stats.md lists the metrics. */
#ifndef STATS_PROM_H
#define STATS_PROM_H

#include <time.h>

#include "spi-daemon/stats/stats_view.h"

/*
 * Returns the metrics of @view in the text format of Prometheus, which the
 * caller frees, or NULL if there is no memory. @start is the time at which the
 * daemon was started.
 */
char *stats_prom(const struct stats_view *view, time_t start);

#endif
