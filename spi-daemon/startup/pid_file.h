/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The file that tells init scripts the process id of the daemon. It is locked
 * while the daemon runs, so a file that a crash left behind can be taken over.
 */
#ifndef PID_FILE_H
#define PID_FILE_H

#include <stddef.h>

/*
 * Creates the file @path, or takes over one that is not locked, locks it, and
 * writes the id of this process to it. Its mode is 0644, whatever the umask.
 *
 * If root calls this, only root may be able to write to the directory of @path:
 * another user could put a link there, and have another file overwritten.
 *
 * Returns the descriptor of the file, which keeps it locked. Returns -EEXIST if
 * a running daemon has the file locked, or another negative errno, with one
 * line (no newline) in @error.
 */
int pid_file_make(const char *path, char *error, size_t error_size);

/*
 * Sends @sig to the daemon that has the file @path locked. Returns 0; or
 * -ESRCH if none has, or another negative errno, with one line (no newline) in
 * @error.
 */
int pid_file_signal(const char *path, int sig, char *error, size_t error_size);

/*
 * Removes the file @path, or leaves it empty if the daemon's user may not
 * remove it. Closes @fd. Does nothing if that is -1.
 */
void pid_file_remove(const char *path, int fd);

#endif
