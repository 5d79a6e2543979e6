/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What an init system expects of the daemon when it starts and ends. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/options.h"
#include "spi-daemon/startup/fds/passed_fds.h"
#include "vhost/keeper/link.h"

struct launch {
	const struct launch_options *options;
	int background; /* for background_ready(); -1: in the foreground */
	int pid_file;	/* descriptor; -1: there is none */
	int link;	/* to the keeper that started us; -1: none */
	struct passed_fds *passed; /* what the process was started with */
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
 * Of the descriptors that are open, with --daemon only those of @passed stay.
 * With --daemon only the child returns; see background.h. Returns 0, or a
 * negative errno with one line (no newline) in @error; launch_end() is not
 * needed then.
 */
int launch_begin(struct launch *launch, const struct launch_options *options,
		 struct passed_fds *passed, char *error, size_t error_size);

/*
 * The same for a process that a keeper has started, which has done most of it:
 * opens the log. @link leads to the keeper (keeper/link.h) and is owned.
 */
void launch_begin_kept(struct launch *launch,
		       const struct launch_options *options, int link);

/*
 * The same for a keeper that takes another one's place, in the same process:
 * opens the log. ->pid_file is for the caller to fill in.
 */
void launch_begin_again(struct launch *launch,
			const struct launch_options *options,
			struct passed_fds *passed);

/*
 * Reports to whoever started the daemon that it is ready: the process that
 * waits, the service manager, or the keeper. @status is one line for people.
 * To be called after the start and after each reload that was accepted.
 */
void launch_ready(struct launch *launch, const char *status);

/* Reports the same after a reload that was refused. */
void launch_refused(const struct launch *launch, const char *status);

/*
 * Reports that the configuration is about to be read again. Returns a
 * descriptor of the copy of the file that is to be read, which the caller
 * closes; -1: the file itself is.
 */
int launch_reloading(const struct launch *launch);

/* Reports that the daemon is about to end. */
void launch_stopping(const struct launch *launch);

/* Removes the pid file, and closes the link. */
void launch_end(struct launch *launch);

#endif
