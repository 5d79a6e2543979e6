/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/stdlib.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/config/guest/numbered.h"

int numbered_set_path(struct numbered *n, const char *path, char *error,
		      size_t error_size)
{
	if (!*path) {
		snprintf(error, error_size, "--socket-path= has no value");
		return -EINVAL;
	}
	free(n->socket_path);
	n->socket_path = strdup(path);
	return n->socket_path ? 0 : -ENOMEM;
}

int numbered_set_count(struct numbered *n, const char *count, char *error,
		       size_t error_size)
{
	const char *problem;

	n->count = (unsigned int)strtonum(count, 1, n->max, &problem);
	if (!problem)
		return 0;
	snprintf(error, error_size,
		 "--socket-count=%.64s is not a number from 1 to %u", count,
		 n->max);
	return -EINVAL;
}

int numbered_add_device(struct numbered *n, const char *text, char *error,
			size_t error_size)
{
	char reason[512];
	int ret;

	if (!n->devices)
		n->devices = device_list_new("");
	if (!n->devices)
		return -ENOMEM;
	ret = device_list_add(n->devices, text, reason, sizeof(reason));
	if (ret)
		snprintf(error, error_size, "--%s", reason);
	return ret;
}

bool numbered_is_given(const struct numbered *n)
{
	return n->socket_path || n->count || n->devices;
}

int numbered_check(struct numbered *n, char *error, size_t error_size)
{
	int len;

	if (!numbered_is_given(n))
		return 0;
	if (!n->socket_path || !n->devices) {
		snprintf(error, error_size, "%s is missing",
			 n->socket_path ? "--device=SPEC"
					: "--socket-path=PATH");
		return -EINVAL;
	}
	if (!n->count)
		n->count = 1;
	len = snprintf(NULL, 0, "%s%u", n->socket_path, n->count - 1);
	if (len >= 0 && (size_t)len <= GUEST_SOCKET_MAX)
		return 0;
	snprintf(error, error_size,
		 "--socket-path=%.200s: with the socket's number this is %d "
		 "bytes, more than the %zu that fit",
		 n->socket_path, len, GUEST_SOCKET_MAX);
	return -EINVAL;
}

int numbered_guest(const struct numbered *n, unsigned int index,
		   struct guest_spec *guest)
{
	*guest = guest_spec_default;
	guest->devices = n->devices;
	guest->devices->users++;
	if (asprintf(&guest->name, "%u", index) < 0)
		guest->name = NULL;
	if (asprintf(&guest->socket, "%s%u", n->socket_path, index) < 0)
		guest->socket = NULL;
	if (guest->name && guest->socket)
		return 0;
	guest_spec_free(guest);
	return -ENOMEM;
}

void numbered_fini(struct numbered *n)
{
	device_list_put(n->devices);
	free(n->socket_path);
}
