/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/listen/address.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int vhost_address_make(const char *path, struct sockaddr_un *addr)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	/* This would be an abstract address, not a file. */
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, path, strlen(path));
	return 0;
}
