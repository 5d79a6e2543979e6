/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The daemon's life, from the first socket to the last: signals. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stddef.h>

#include "spi-daemon/startup/launch.h"
#include "spi-daemon/config/options.h"

/*
 * Serves the guests of @options, which @argc and @argv gave, until SIGTERM or
 * SIGINT, then removes the sockets. On SIGHUP reads the command line and the
 * configuration file again, and serves the guests that they describe now.
 * Tells whoever waits for @launch, and the service manager, how far it is.
 * Returns 0; or, when the guests cannot be served at all, a negative errno,
 * with one line (no newline) in @error.
 */
int supervisor_run(struct options *options, int argc, char **argv,
		   struct launch *launch, char *error, size_t error_size);

#endif
