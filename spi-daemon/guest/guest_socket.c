/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/guest/guest_socket.h"
#include "spi-daemon/system/log.h"
#include "vhost/keeper/link.h"

void guest_socket_explain(const char *path, int ret, char *error,
			  size_t error_size)
{
	const char *why = ret == -EADDRINUSE ? "is served by another process"
			  : ret == -EEXIST   ? "is there, and is not a socket"
			  : ret == -EPERM    ? "its group cannot be had"
			  : ret == -EBUSY    ? "another process keeps its "
					       "directory locked"
			  : ret == -ENXIO ? "it was not passed at the start, "
					    "or has been used"
					  : strerror(-ret);

	snprintf(error, error_size, "socket %s: %s", path, why);
}

void guest_socket_set_alias(struct guest_worker *w, struct guest_spec *spec,
			    int link)
{
	int ret;

	if (spec->origin != VHOST_FROM_FILE)
		return;
	ret = link < 0 ? vhost_listen_alias(&w->listener, spec->alias)
		       : keeper_link_alias(link, spec->socket, spec->alias);

	if (!ret || !spec->alias)
		return;
	log_info("%s: %s does not lead to %s: %s", w->name, spec->alias,
		 spec->socket,
		 ret == -EEXIST ? "something else is there" : strerror(-ret));
	free(spec->alias);
	spec->alias = NULL;
}

void guest_socket_tell(const struct guest_spec *spec, const char *since)
{
	if (spec->origin == VHOST_FROM_LISTENER) {
		log_info("guest %s: connects%s to %s", spec->name, since,
			 spec->socket);
		return;
	}
	log_info("guest %s: is served%s at %s%s%s", spec->name, since,
		 spec->socket, spec->alias ? " and " : "",
		 spec->alias ? spec->alias : "");
}
