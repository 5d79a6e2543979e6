/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How the daemon is started and looked after by an init system. */
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
 * Has messages go where @options tell: for those who end without
 * launch_begin(), which does it, too. Call before threads are started.
 */
void launch_open_log(const struct launch_options *options);

/*
 * Goes to the background, opens the log, takes the pid file and becomes the
 * user, in this order: only a child's process id is of use, messages of all
 * that follows are logged, and the file needs root. Call before threads are
 * started and before devices and sockets are opened.
 * With --daemon only the child returns; see background.h. Returns 0; or a
 * negative errno, with one line (no newline) in @error and nothing to end.
 */
int launch_begin(struct launch *launch, const struct launch_options *options,
		 char *error, size_t error_size);

/*
 * Tells whoever started the daemon that it serves; @status is a line for
 * people. Call once; later changes are told by notify.h.
 */
void launch_ready(struct launch *launch, const char *status);

/* Removes the pid file. */
void launch_end(struct launch *launch);

#endif
