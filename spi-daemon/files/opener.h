/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A process that opens files for one that a sandbox keeps from doing so. It has
 * the directories of the configuration, and sees no memory of a guest.
 */
#ifndef OPENER_H
#define OPENER_H

#include <stdbool.h>

#include "spi-daemon/files/file_call.h"

struct opener {
	/* Called in the process first, with ->arg */
	void (*confine)(const void *arg);
	const void *arg;
	/* Called in the process, which then does what returns true */
	bool (*admits)(const struct file_call *call);
	/* Called once, by a thread that finds that the process has ended */
	void (*lost)(void);
};

/*
 * Starts the process, which ends when this one does. Call this before threads
 * are made and before this process is confined. Returns 0 or a negative errno.
 */
int opener_start(const struct opener *opener);

/*
 * Does @call, as file_call_run() says, in the process if there is one. Returns
 * what that returns; -EACCES if the call is not admitted; -EINTR if a signal
 * came first; or another negative errno if the process is gone. Any thread may
 * call it.
 */
int opener_ask(struct file_call *call);

#endif
