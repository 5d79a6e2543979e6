/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Moves the daemon to the background, and reports there when it is ready. */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include "spi-daemon/startup/fds/passed_fds.h"

/*
 * Continues in a child, in a session of its own, with the descriptors 0 to 2
 * and those of @passed only; NULL: none. The calling process waits for the
 * child's background_ready() and then ends with 0. If the child ends first, it
 * ends with the child's exit status, or with 1 if a signal ended the child.
 * Until then messages on stderr reach whoever started the daemon. The working
 * directory stays, because paths may be relative to it.
 *
 * Call before threads are started. In the child, returns a descriptor for
 * background_ready(). Returns a negative errno if there is no child.
 */
int background_start(const struct passed_fds *passed);

/*
 * Replaces stdin, stdout and stderr by /dev/null, and lets the waiting process
 * end with 0. @fd is what background_start() returned; it is closed.
 */
void background_ready(int fd);

#endif
