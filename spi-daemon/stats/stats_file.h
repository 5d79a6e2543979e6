/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A file that others read at any time, and never find half written: each new
 * content is written beside it, and takes its place by rename(2).
 */
#ifndef STATS_FILE_H
#define STATS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: there is no file, and all calls but the first do nothing. */
struct stats_file {
	char *path;
	char *text; /* what it contains; NULL: not written yet */
	bool fails; /* which the log has been told of */
};

/*
 * Makes sure that the file can be made at @path, where nothing or a file is,
 * and makes none. Returns 0; or a negative errno, with one line (no newline)
 * in @error that names the option and the path.
 */
int stats_file_open(struct stats_file *file, const char *path, char *error,
		    size_t error_size);

/*
 * Makes @text, which can be freed, and which the file takes, its contents, if
 * it is not already. Anyone may read it. If that fails the log is told, once
 * until it succeeds again, and the contents stay. NULL is what there was no
 * memory for.
 */
void stats_file_write(struct stats_file *file, char *text);

/* Removes the file, if it was written. */
void stats_file_close(struct stats_file *file);

#endif
