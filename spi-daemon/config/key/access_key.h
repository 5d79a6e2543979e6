/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* socket-mode=, socket-group=, peer-uid=, peer-gid=: who may connect */
#ifndef ACCESS_KEY_H
#define ACCESS_KEY_H

#include <sys/types.h>

/*
 * Parse permission bits in octal, such as 0660, and the name or number of a
 * group or user. Return 0, or -EINVAL if @text is something else.
 */
int access_key_mode(const char *text, mode_t *mode);
int access_key_group(const char *text, gid_t *group);
int access_key_user(const char *text, uid_t *user);

#endif
