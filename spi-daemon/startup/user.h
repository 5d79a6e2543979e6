/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The user that the daemon runs as. */
#ifndef USER_H
#define USER_H

#include <stddef.h>

/*
 * Changes this process to the user @text, NAME or NAME:GROUP, for good, with
 * the supplementary groups of the user. Without GROUP the group is the user's
 * own. Does nothing if the process has this user and group already; all other
 * changes need root. Call before threads are started. Returns 0, or a negative
 * errno with one line (no newline) in @error.
 */
int user_become(const char *text, char *error, size_t error_size);

#endif
