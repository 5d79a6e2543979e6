/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The syntax of the configuration file: an option and its value on each line,
 *
 *	name value	or	name = value	or	name
 *
 * A line that begins with a blank continues the line before it, with or without
 * a comma between them. Blanks around commas are ignored. A # at the beginning
 * of a line, or after a blank, begins a comment.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>

/*
 * Handles one option. @value is NULL if the option has none. Returns 0, or a
 * negative errno with one line (no newline) in @error.
 */
typedef int config_file_take(void *arg, const char *name, const char *value,
			     char *error, size_t error_size);

/*
 * Calls @take with @arg for each option in the file @path, in the order of the
 * file. @copy is a descriptor of a copy of it, which is read instead, up to a
 * byte 0, and stays the caller's; -1: none. Returns 0, or the negative errno of
 * @take or of reading the file, with one line (no newline) in @error that names
 * the file, and the line number where there is one.
 */
int config_file_read(const char *path, int copy, config_file_take *take,
		     void *arg, char *error, size_t error_size);

/*
 * Returns a descriptor of a copy of the file @path, or of no text if that is
 * NULL, which the caller owns, or a negative errno.
 */
int config_file_copy(const char *path);

#endif
