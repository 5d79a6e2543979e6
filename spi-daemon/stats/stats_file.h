/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A file that is always complete for its readers: new contents are written to
 * another file, which then replaces it by rename(2).
 */
#ifndef STATS_FILE_H
#define STATS_FILE_H

#include <stdbool.h>

#include <stdbool.h>
#include <stddef.h>

/* All zero: no file is open, and writing and closing do nothing. */
struct stats_file {
	char *path;
	char *text; /* contents of the file; NULL: not written yet */
	bool fails; /* the last write failed, and that is in the log */
};

/*
 * Checks that a file can be created in the directory of @path, and that @path
 * is a regular file or does not exist. Does not create it. Returns 0, or a
 * negative errno with one line (no newline) in @error that names the option and
 * the path.
 */
int stats_file_open(struct stats_file *file, const char *path, char *error,
		    size_t error_size);

/*
 * Replaces the contents of the file by @text if they differ, with a mode that
 * lets everyone read it. Takes @text, which is from malloc(3); NULL counts as a
 * failure for lack of memory. After a failure the old contents stay; the first
 * failure, and the first success after it, are logged. Returns true if they
 * differed.
 */
bool stats_file_write(struct stats_file *file, char *text);

/* Removes the file if it was written, and frees what @file owns. */
void stats_file_close(struct stats_file *file);

#endif
