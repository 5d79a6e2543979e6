/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The message of the command line. */
#ifndef XFER_MESSAGE_H
#define XFER_MESSAGE_H

#include "spi-daemon/xfer/options/xfer_options.h"

/*
 * Prints the back end's features if that is wanted, sends the message, and
 * prints or writes what is received. Returns an enum xfer_exit, after a line on
 * stderr if it is not XFER_EXIT_DONE.
 */
int xfer_message_run(const struct xfer_options *options);

#endif
