/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What has been going on, for a person: in the log. */
#ifndef STATS_LOG_H
#define STATS_LOG_H

#include "spi-daemon/stats/stats_view.h"

/*
 * Logs one line for each guest, then one for each device, then one for each
 * bus.
 */
void stats_log(const struct stats_view *view);

#endif
