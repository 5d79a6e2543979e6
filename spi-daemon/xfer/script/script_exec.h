/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Does what a line of a script says. */
#ifndef SCRIPT_EXEC_H
#define SCRIPT_EXEC_H

#include <stdbool.h>

#include "spi-daemon/xfer/link/xfer_link.h"
#include "spi-daemon/xfer/script/script_line.h"

/* Where lines come from, and where their messages go */
struct script_exec {
	struct xfer_link *link;
	const char *name; /* of the script, for what is said about a line */
	bool hexdump;
};

/*
 * Sends the line's message, or waits, and prints what is received on stdout.
 * Returns an enum xfer_exit, after a line on stderr if it is not
 * XFER_EXIT_DONE.
 */
int script_exec_line(struct script_exec *exec, const struct script_line *line);

#endif
