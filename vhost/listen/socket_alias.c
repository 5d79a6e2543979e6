/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/listen/socket_alias.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Bytes of @path up to the name of the file */
static size_t directory_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* What a link in the same directory has in it */
static const char *target_of(const char *socket)
{
	return socket + directory_len(socket);
}

static bool leads_to(const char *alias, const char *socket)
{
	const char *target = target_of(socket);
	char found[NAME_MAX + 1];
	ssize_t len = readlink(alias, found, sizeof(found));

	return len >= 0 && (size_t)len == strlen(target) &&
	       !memcmp(found, target, (size_t)len);
}

int vhost_socket_alias_make(const char *alias, const char *socket)
{
	const size_t len = directory_len(socket);

	if (directory_len(alias) != len || strncmp(alias, socket, len) != 0)
		return -EXDEV;
	if (!symlink(target_of(socket), alias))
		return 0;
	if (errno != EEXIST)
		return -errno;
	return leads_to(alias, socket) ? 0 : -EEXIST;
}

void vhost_socket_alias_remove(const char *alias, const char *socket)
{
	if (leads_to(alias, socket))
		unlink(alias);
}
