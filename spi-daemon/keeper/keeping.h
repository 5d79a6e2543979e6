/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The process that outlives crashes: it owns the sockets and the front ends'
 * connections (vhost/keeper/keeper.h), and starts the process that serves them
 * again when it dies.
 */
#ifndef KEEPING_H
#define KEEPING_H

#include <stddef.h>

#include "spi-daemon/config/options.h"
#include "spi-daemon/startup/launch.h"

/*
 * Keeps a process with the command line @argv alive until SIGTERM or SIGINT,
 * which it is passed as SIGHUP and SIGUSR1 are. Tells whoever waits for @launch
 * when it serves. @image is what a keeper has left whose place this one takes
 * (succession.h); -1: it is the first, and @launch was begun. Returns 0; or a
 * negative errno if it ended before it ever served, with one line (no newline)
 * in @error, "" if it has said why.
 */
int keeping_run(const struct options *options, char **argv, int image,
		struct launch *launch, char *error, size_t error_size);

#endif
