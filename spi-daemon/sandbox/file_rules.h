/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Which files the process may open: Landlock, see landlock(7) */
#ifndef FILE_RULES_H
#define FILE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/options.h"

/*
 * Lets this process and the threads that it will have open only what @options
 * name, and what the C library and the daemon read of the system. A directory
 * is named by a file in it, as files are replaced and devices come back. It may
 * execute nothing; with @executes, programs beside its own, and what these are
 * loaded with. Returns 0; -ENOSYS or -EOPNOTSUPP if the kernel has no Landlock,
 * or does not use it; or another negative errno.
 */
int file_rules_enter(const struct options *options, bool executes);

/*
 * Returns true if the guests and traces of @options need no directory that is
 * there and that this process may not use. Otherwise stores one in @dir, of
 * @size bytes.
 */
bool file_rules_cover(const struct options *options, char *dir, size_t size);

#endif
