/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What was read of tables' files, for a process that follows this one: it gets
 * the same, whatever has become of the files.
 *
 * The copies are behind the first byte 0 of a file, of which the text before it
 * is somebody else's: the configuration's, see config_file.h.
 */
#ifndef TABLE_COPY_H
#define TABLE_COPY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From now on copies are looked for, and put, behind the text of @fd, which has
 * to stay open. -1: there are none.
 */
void table_copy_use(int fd);

/*
 * Returns true if there is a copy of @file, and stores it in @text, which the
 * caller frees, and its length in @len.
 */
bool table_copy_find(const char *file, char **text, size_t *len);

/* Adds a copy of @file: @len bytes of @text. Without memory for it there is
 * none. */
void table_copy_add(const char *file, const char *text, size_t len);

#endif
