/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The file that tells init scripts which process is the daemon. It is locked
 * while the daemon runs, so one that was left by a crash is no hindrance.
 */
#ifndef PID_FILE_H
#define PID_FILE_H

#include <stddef.h>

struct pidfh; /* libbsd's */

/*
 * Makes the file @path, or takes over one that nobody holds, locks it, and
 * writes this process's id to it. Everybody may read it, whatever the umask.
 *
 * To be called as root, @path must be in a directory that only root writes:
 * the daemon's user could put a link there, and have another file overwritten.
 *
 * Returns 0, with @file to be passed to pid_file_remove(); -EEXIST when a
 * daemon holds it; or another negative errno; with one line (no newline) in
 * @error.
 */
int pid_file_make(const char *path, struct pidfh **file, char *error,
		  size_t error_size);

/*
 * Removes it; or, where the daemon's user may not, leaves it empty. NULL is
 * ignored.
 */
void pid_file_remove(struct pidfh *file);

#endif
