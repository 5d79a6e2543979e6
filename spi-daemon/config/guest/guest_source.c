/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where the front ends of a guest come from, and its name. */
#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/guest_spec.h"

#define NAME_CHARS                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789._-"

/* Descriptors below are the standard ones. */
#define FD_MIN	    3
#define FD_NAME_MAX 255
#define FD_PREFIX   "descriptor "

bool guest_spec_is_name(const char *text)
{
	return *text && !text[strspn(text, NAME_CHARS)] &&
	       strlen(text) <= GUEST_NAME_MAX;
}

int guest_spec_set_fd(struct guest_spec *spec, const char *fd)
{
	const char *problem = NULL;

	if (!fd[strspn(fd, "0123456789")])
		strtonum(fd, FD_MIN, GUEST_FD_MAX, &problem);
	if (!*fd || problem || strlen(fd) > FD_NAME_MAX || strchr(fd, ':'))
		return -EINVAL;
	spec->origin = VHOST_FROM_DESCRIPTOR;
	return asprintf(&spec->socket, FD_PREFIX "%s", fd) < 0 ? -ENOMEM : 0;
}

const char *guest_spec_fd_name(const char *socket)
{
	return socket + strlen(FD_PREFIX);
}

char *guest_spec_own_name(const struct guest_spec *spec, const char *otherwise)
{
	const char *fd = guest_spec_fd_name(spec->socket);
	char *name;

	if (spec->origin != VHOST_FROM_DESCRIPTOR)
		return strdup(otherwise);
	if (!fd[strspn(fd, "0123456789")])
		return asprintf(&name, "fd%s", fd) < 0 ? NULL : name;
	return strdup(guest_spec_is_name(fd) ? fd : otherwise);
}

int guest_spec_set_connect(struct guest_spec *spec, const char *path)
{
	if (!*path || strlen(path) > GUEST_SOCKET_MAX)
		return -EINVAL;
	spec->origin = VHOST_FROM_LISTENER;
	spec->socket = strdup(path);
	return spec->socket ? 0 : -ENOMEM;
}
