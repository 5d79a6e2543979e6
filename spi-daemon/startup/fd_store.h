/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Descriptors that the service manager keeps for the process that follows this
 * one, after a crash for example: systemd with FileDescriptorStoreMax=. See
 * sd_pid_notify_with_fds(3).
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

/* Has it keep @count descriptors, which stay the caller's. */
void fd_store_put(const int *fds, unsigned int count);

#endif
