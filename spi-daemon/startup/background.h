/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Going to the background, and telling when all is ready there. */
#ifndef BACKGROUND_H
#define BACKGROUND_H

/*
 * Goes on in a child, in a session of its own, with no descriptors but 0 to 2.
 * The process that called waits for the child's background_ready() and then
 * ends with 0; if the child ends first, with the child's exit status, or 1.
 * Until then messages on stderr reach whoever has started the daemon. The
 * working directory stays, for there may be paths that are relative to it.
 *
 * Call before threads are started. Returns, in the child, a descriptor for
 * background_ready(); or, without a child, a negative errno.
 */
int background_start(void);

/*
 * Lets go of stdin, stdout and stderr, and ends the process that waits. Closes
 * @fd.
 */
void background_ready(int fd);

#endif
