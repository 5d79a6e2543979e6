/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What is left to a process that serves guests once it has started: the files
 * of its configuration (file_rules.h), the system calls that it makes
 * (call_filter.h), and no privilege that it does not use (privileges.h). What a
 * guest or a front end gets it to do stays within that. docs/security.md
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/options.h"

/*
 * Confines the process, with all threads that it will have, as
 * @options->sandbox says. From then on it uses files by their names only
 * through another process (files/files.h). One that no keeper has started,
 * which is not @kept, can make its own sockets. Call it when the user is the
 * final one, and before threads are made, devices opened and sockets created.
 * What the kernel or the build lacks is done without. Returns 0, or a negative
 * errno if that process cannot be started.
 */
int sandbox_enter(const struct options *options, bool kept);

/* Logs in one line what is done without, if anything. */
void sandbox_tell_missing(void);

/*
 * Confines the calling thread, which serves a guest, further: it uses no file
 * by its name, makes no socket, and connects to none. Does nothing if
 * sandbox_enter() has not been called.
 */
void sandbox_enter_guest_thread(void);

/*
 * Confines a keeper, in place of sandbox_enter(), and all programs that it will
 * execute. It may start its own program and one in the same directory, which
 * confine themselves further. Logs in one line what is done without.
 */
void sandbox_enter_keeper(const struct options *options);

/* The same for a keeper in whose process another keeper has done that. */
void sandbox_enter_next_keeper(const struct options *options);

/*
 * The descriptor of the process that looks who has a device open, of which
 * there is one for a keeper and those that it starts; -1: none. They are given
 * it before they are confined.
 */
int sandbox_looker(void);
void sandbox_use_looker(int fd);

/*
 * Returns 0 if this process can use all directories that a reload with
 * @options brings; or -EACCES, with one line (no newline) in @error.
 */
int sandbox_check(const struct options *options, char *error,
		  size_t error_size);

#endif
