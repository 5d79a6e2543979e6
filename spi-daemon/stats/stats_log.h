/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Statistics in the log. */
#ifndef STATS_LOG_H
#define STATS_LOG_H

#include "spi-daemon/stats/stats_view.h"

/* Logs one line for each guest, then for each device, then for each bus. */
void stats_log(const struct stats_view *view);

#endif
