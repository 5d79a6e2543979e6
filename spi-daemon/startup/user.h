/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The user that the daemon runs as. */
#ifndef USER_H
#define USER_H

#include <stddef.h>

/*
 * Gives up root for good: becomes the user @text, NAME or NAME:GROUP, with the
 * user's other groups as well. Without GROUP it is the user's own group. To
 * become who one is already is no error, also for those who are not root.
 * Call before threads are started. Returns 0; or a negative errno, with one
 * line (no newline) in @error.
 */
int user_become(const char *text, char *error, size_t error_size);

#endif
