/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What an init system expects of the daemon when it starts and ends. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/options.h"

struct pidfh;

struct launch {
	int background; /* for background_ready(); -1: in the foreground */
	struct pidfh *pid_file;
};

/*
 * Directs log messages where @options say. launch_begin() does this as well;
 * call it to log an error before that. Call before threads are started.
 */
void launch_open_log(const struct launch_options *options);

/*
 * Moves to the background, opens the log, creates the pid file and changes the
 * user, in this order: the pid file has the id of the child, the log gets all
 * later messages, and creating the pid file needs root. Call before threads are
 * started and before devices and sockets are opened.
 * With --daemon only the child returns; see background.h. Returns 0, or a
 * negative errno with one line (no newline) in @error; launch_end() is not
 * needed then.
 */
int launch_begin(struct launch *launch, const struct launch_options *options,
		 char *error, size_t error_size);

/*
 * Reports to the process or service manager that started the daemon that it is
 * ready. @status is one line for people. Call once; report later changes with
 * notify.h.
 */
void launch_ready(struct launch *launch, const char *status);

/* Removes the pid file. */
void launch_end(struct launch *launch);

#endif
