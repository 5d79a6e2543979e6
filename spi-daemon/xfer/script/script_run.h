/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --script and --interactive */
#ifndef SCRIPT_RUN_H
#define SCRIPT_RUN_H

#include "spi-daemon/xfer/options/xfer_options.h"

/*
 * Reads the whole script, sends its messages one after the other, prints what
 * they receive, and ends at the first that fails or receives what it should
 * not. Returns an enum xfer_exit, after a line on stderr if it is not
 * XFER_EXIT_DONE.
 */
int script_run_file(const struct xfer_options *options);

/*
 * Does the same line by line, of the standard input, and goes on after an
 * error, unless the back end is lost. Shows a prompt on a terminal. Returns the
 * enum xfer_exit of the first error.
 */
int script_run_interactive(const struct xfer_options *options);

#endif
