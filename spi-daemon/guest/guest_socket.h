/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The socket of a guest, as the operator sees it: its names, what fails. */
#ifndef GUEST_SOCKET_H
#define GUEST_SOCKET_H

#include <stddef.h>

#include "spi-daemon/guest/guest_worker.h"

/* Writes to @error why there is no socket @path: @ret is of vhost_listen(). */
void guest_socket_explain(const char *path, int ret, char *error,
			  size_t error_size);

/*
 * Gives the socket of @worker, which @spec describes, its second name, or takes
 * away the one that it had. Where that cannot be, says so in the log, and @spec
 * has none. @link: as in guest_worker_init().
 */
void guest_socket_set_alias(struct guest_worker *worker,
			    struct guest_spec *spec, int link);

/* Logs where the guest is served. @since is "", or " from now on,". */
void guest_socket_tell(const struct guest_spec *spec, const char *since);

#endif
