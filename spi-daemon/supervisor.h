/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The threads of the daemon, from the first socket to the last. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stddef.h>

#include "spi-daemon/options.h"
#include "spi-daemon/pool.h"

/*
 * Serves all guests until SIGTERM, SIGINT or SIGHUP, then removes the sockets.
 * Returns 0; or, when the guests cannot be served at all, a negative errno,
 * with one line (no newline) in @error.
 */
int supervisor_run(const struct options *options, struct pool *pool,
		   char *error, size_t error_size);

#endif
