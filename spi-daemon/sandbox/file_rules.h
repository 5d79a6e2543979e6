/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which files the process may open: Landlock, see landlock(7) */
#ifndef FILE_RULES_H
#define FILE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/options.h"

/* What a process may do with files by their names */
enum file_use {
	FILES_NOT,     /* nothing: another process does it (files/opener.h) */
	FILES_OPENED,  /* open and make them */
	FILES_STARTED, /* the same, and execute programs beside its own */
};

/*
 * Lets this process and the threads that it will have use only what @options
 * name, and what the C library and the daemon read of the system. A directory
 * is named by a file in it, as files are replaced and devices come back.
 * Returns 0; -ENOSYS or -EOPNOTSUPP if the kernel has no Landlock, or does not
 * use it; or another negative errno.
 */
int file_rules_enter(const struct options *options, enum file_use use);

/*
 * Returns true if there is a socket to connect to in the directory of @path, as
 * far as @options of file_rules_enter() say, or if there are no rules.
 */
bool file_rules_let_connect(const char *path);

/*
 * Returns true if the guests and traces of @options need no directory that is
 * there and that this process may not use. Otherwise stores one in @dir, of
 * @size bytes.
 */
bool file_rules_cover(const struct options *options, char *dir, size_t size);

#endif
