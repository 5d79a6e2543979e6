/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The options of spi-xfer, and what their values mean. */
#ifndef XFER_OPTION_VALUE_H
#define XFER_OPTION_VALUE_H

#include <getopt.h>

#include "spi-daemon/xfer/options/xfer_options.h"

/* For getopt_long() */
#define XFER_SHORT_OPTIONS "+:s:ihV"
extern const struct option xfer_long_options[];

/*
 * Takes option @opt, a number of xfer_long_options, with its value @text.
 * Returns 0, or a negative errno with the reason (a constant string) in @why.
 */
int xfer_option_value(struct xfer_options *options, int opt, const char *text,
		      const char **why);

#endif
