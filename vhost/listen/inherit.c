/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "vhost/listen/listen.h"

/* Returns an option of SOL_SOCKET, or a negative errno. */
static int get_option(int fd, int name)
{
	int value;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0)
		return -errno;
	return value;
}

int vhost_inherit_check(int fd)
{
	struct sockaddr_un peer;
	socklen_t size = sizeof(peer);
	int listens = get_option(fd, SO_ACCEPTCONN);

	if (listens == -EBADF)
		return listens;
	if (get_option(fd, SO_DOMAIN) != AF_UNIX ||
	    get_option(fd, SO_TYPE) != SOCK_STREAM)
		return -ENOTSOCK;
	if (listens)
		return 1;
	return getpeername(fd, (struct sockaddr *)&peer, &size) < 0 ? -errno
								    : 0;
}

int vhost_inherit(struct vhost_listener *listener, int fd, const char *name,
		  const struct vhost_access *access)
{
	int ret = vhost_inherit_check(fd);

	*listener = (struct vhost_listener){
		.kind = ret ? VHOST_INHERITED : VHOST_CONNECTION,
		.fd = fd,
		.peers = access->peers,
	};
	if (ret == 1 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		ret = -errno;
	if (ret >= 0)
		listener->path = strdup(name);
	if (listener->path)
		return 0;
	close(fd);
	return ret < 0 ? ret : -ENOMEM;
}

bool vhost_listen_is_over(const struct vhost_listener *listener)
{
	return listener->kind == VHOST_CONNECTION && listener->fd < 0;
}
