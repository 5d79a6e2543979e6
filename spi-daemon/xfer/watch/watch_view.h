/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two states of the statistics as a table: what happened in between. */
#ifndef WATCH_VIEW_H
#define WATCH_VIEW_H

#include <stdio.h>

#include "spi-daemon/xfer/watch/watch_stats.h"

/*
 * Prints @now, and what happened per second in the @seconds since @before. A
 * NULL @before, and a guest that is new since then, has "-" in the place of
 * such figures. At most @rows lines, if there is room for two guests, and those
 * with most requests first; 0: all guests, in the order of the file.
 */
void watch_view_print(FILE *out, const struct watch_stats *before,
		      const struct watch_stats *now, double seconds,
		      unsigned int rows);

#endif
