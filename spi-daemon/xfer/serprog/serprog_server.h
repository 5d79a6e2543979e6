/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --serprog: flashrom's way to a chip behind the daemon. */
#ifndef SERPROG_SERVER_H
#define SERPROG_SERVER_H

#include <stdint.h>

#include "spi-daemon/xfer/link/xfer_link.h"

/*
 * Connects to the back end, listens at @place (serprog_place_open()), prints
 * its name on stdout, and serves one client after the other until SIGINT,
 * SIGTERM or SIGHUP ends the process with status 0. An operation sends and
 * receives at most @max_len bytes each. Returns only after an error, with an
 * enum xfer_exit.
 */
int serprog_server_run(const struct xfer_link_options *options,
		       const char *place, uint32_t max_len);

#endif
