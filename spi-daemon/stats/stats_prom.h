/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What has been going on, for Prometheus: docs/stats.md lists the metrics. */
#ifndef STATS_PROM_H
#define STATS_PROM_H

#include <time.h>

#include "spi-daemon/stats/stats_view.h"

/*
 * Returns the metrics of @view, in Prometheus' text format, to be freed; or
 * NULL for want of memory. @start is when the daemon was started.
 */
char *stats_prom(const struct stats_view *view, time_t start);

#endif
