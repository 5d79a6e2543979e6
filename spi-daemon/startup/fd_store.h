/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Descriptors that the service manager keeps for the process that follows this
 * one, after a crash for example: systemd with FileDescriptorStoreMax=. See
 * sd_pid_notify_with_fds(3) and sd_listen_fds(3).
 */
#ifndef FD_STORE_H
#define FD_STORE_H

#include <stdbool.h>

/* Returns true if a service manager may keep descriptors. */
bool fd_store_may_exist(void);

/*
 * Returns true if it is known to keep them when the service is restarted. It
 * closes them when the service is stopped. (systemd: $FDSTORE)
 */
bool fd_store_outlives_service(void);

/* Has it keep @count descriptors, which stay the caller's, as @name. */
void fd_store_put(const char *name, const int *fds, unsigned int count);

/*
 * Takes the descriptors that it has kept as @name; all others that it passes
 * are closed. Stores up to @most in @fds, which the caller owns, and returns
 * how many. The next call returns 0. A process that is started does not get
 * them.
 */
unsigned int fd_store_take(const char *name, int *fds, unsigned int most);

#endif
