/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The syntax of the configuration file: an option and its value on each line,
 *
 *	name value	or	name = value	or	name
 *
 * A line that begins with a blank goes on with the line before it; commas
 * between the two, and blanks around commas, do not matter. What follows a #
 * at the beginning of a line, or after a blank, is a comment.
 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>

/*
 * What to do with an option; @value is NULL if there is none. Returns 0, or a
 * negative errno with one line (no newline) in @error.
 */
typedef int config_file_take(void *arg, const char *name, const char *value,
			     char *error, size_t error_size);

/*
 * Gives each option in the file @path to @take, with @arg, in their order.
 * Returns 0; or a negative errno, of @take or of reading the file, with one
 * line (no newline) in @error that names the file, and the line if it has one.
 */
int config_file_read(const char *path, config_file_take *take, void *arg,
		     char *error, size_t error_size);

#endif
