/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where serprog clients come from: a TCP port or a pseudo-terminal. */
#ifndef SERPROG_PLACE_H
#define SERPROG_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct serprog_place {
	int fd; /* owned: the listening socket, or the terminal's master */
	bool is_pty;
	char name[128]; /* 127.0.0.1:4000, [::1]:4000, /dev/pts/4 */
};

/*
 * Opens "pty", a new pseudo-terminal, or "HOST:PORT": the first address of
 * HOST, where an IPv6 address is in brackets, and port 0 is any free one.
 * Returns 0; or a negative errno with a reason in @why (constant): -EINVAL if
 * @text is neither.
 */
int serprog_place_open(struct serprog_place *place, const char *text,
		       const char **why);
void serprog_place_close(struct serprog_place *place);

/*
 * Waits for the next client. Returns a descriptor for serprog_place_drop(), or
 * a negative errno.
 */
int serprog_place_accept(struct serprog_place *place);

/* Ends what serprog_place_accept() returned. */
void serprog_place_drop(struct serprog_place *place, int fd);

#endif
