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

int numbered_add_source(struct numbered *n, enum vhost_origin origin,
			const char *text, char *error, size_t error_size)
{
	struct numbered_source *sources =
		reallocarray(n->sources, n->source_count + 1, sizeof(*sources));
	char *copy = sources ? strdup(text) : NULL;

	if (sources)
		n->sources = sources;
	if (!copy)
		return -ENOMEM;
	if (n->source_count == n->max) {
		snprintf(error, error_size, "there are more than %u guests",
			 n->max);
		free(copy);
		return -EINVAL;
	}
	sources[n->source_count++] = (struct numbered_source){ origin, copy };
	return 0;
}

bool numbered_is_given(const struct numbered *n)
{
	return n->socket_path || n->count || n->devices || n->source_count;
}

static int use_names(struct numbered *n, const char *names, char *error,
		     size_t error_size)
{
	char *copy = strdup(names), *rest = copy, *name;
	int ret = copy ? 0 : -ENOMEM;

	while (!ret && (name = strsep(&rest, ":")))
		ret = numbered_add_source(n, VHOST_FROM_DESCRIPTOR, name, error,
					  error_size);
	free(copy);
	return ret;
}

static int refuse(const char *what, char *error, size_t error_size)
{
	snprintf(error, error_size, "%s", what);
	return -EINVAL;
}

static int check_path(struct numbered *n, char *error, size_t error_size)
{
	int len;

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

int numbered_check(struct numbered *n, const char *names, char *error,
		   size_t error_size)
{
	int ret;

	if (!numbered_is_given(n))
		return 0;
	if (!n->socket_path && !n->source_count && names) {
		ret = use_names(n, names, error, error_size);
		if (ret)
			return ret;
	}
	if (!n->socket_path && !n->source_count)
		return refuse("--socket-path=PATH is missing", error,
			      error_size);
	if (!n->devices)
		return refuse("--device=SPEC is missing", error, error_size);
	if (n->socket_path && n->source_count)
		return refuse(
			n->sources[0].origin == VHOST_FROM_DESCRIPTOR
				? "--fd and --socket-path exclude each other"
				: "--connect and --socket-path exclude each "
				  "other",
			error, error_size);
	if (n->socket_path)
		return check_path(n, error, error_size);
	if (n->count)
		return refuse("--socket-count needs --socket-path", error,
			      error_size);
	n->count = n->source_count;
	return 0;
}

/*
 * The path that is asked for is a name of the only socket, too. One that ends
 * in a slash is that of a directory.
 */
static int add_alias(const struct numbered *n, struct guest_spec *guest)
{
	if (!n->socket_path || n->count != 1 ||
	    n->socket_path[strlen(n->socket_path) - 1] == '/')
		return 0;
	guest->alias = strdup(n->socket_path);
	return guest->alias ? 0 : -ENOMEM;
}

static int set_socket(const struct numbered *n, unsigned int index,
		      struct guest_spec *guest)
{
	const struct numbered_source *source =
		n->source_count ? &n->sources[index] : NULL;

	if (source)
		return source->origin == VHOST_FROM_DESCRIPTOR
			       ? guest_spec_set_fd(guest, source->text)
			       : guest_spec_set_connect(guest, source->text);
	if (asprintf(&guest->socket, "%s%u", n->socket_path, index) >= 0)
		return add_alias(n, guest);
	guest->socket = NULL;
	return -ENOMEM;
}

static void explain_source(const struct numbered_source *source, char *error,
			   size_t error_size)
{
	if (source->origin == VHOST_FROM_DESCRIPTOR)
		snprintf(error, error_size,
			 "--fd=%.64s is not a number from 3, or a name",
			 source->text);
	else
		snprintf(error, error_size,
			 "--connect=%.200s is not a path of 1 to %zu bytes",
			 source->text, GUEST_SOCKET_MAX);
}

int numbered_guest(const struct numbered *n, unsigned int index,
		   struct guest_spec *guest, char *error, size_t error_size)
{
	char number[12];
	int ret;

	*guest = guest_spec_default;
	guest->devices = n->devices;
	guest->devices->users++;
	snprintf(number, sizeof(number), "%u", index);
	ret = set_socket(n, index, guest);
	if (ret == -EINVAL)
		explain_source(&n->sources[index], error, error_size);
	if (!ret)
		guest->name = guest_spec_own_name(guest, number);
	if (!ret && !guest->name)
		ret = -ENOMEM;
	if (ret)
		guest_spec_free(guest);
	return ret;
}

void numbered_fini(struct numbered *n)
{
	for (unsigned int i = 0; i < n->source_count; i++)
		free(n->sources[i].text);
	free(n->sources);
	device_list_put(n->devices);
	free(n->socket_path);
}
