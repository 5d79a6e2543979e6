/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The guests of --socket-path, --socket-count, --fd, --connect and --device.
 * They share all devices and differ only in their socket, and a number, which
 * counts from 0.
 */
#ifndef NUMBERED_H
#define NUMBERED_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/guest/guest_spec.h"

/* A socket that has a place of its own: see enum vhost_origin. */
struct numbered_source {
	enum vhost_origin origin;
	char *text; /* owned: a descriptor, or a path to connect to */
};

/* Starts as all 0; numbered_fini() frees what it owns. */
struct numbered {
	char *socket_path;  /* of all sockets, without the number */
	unsigned int count; /* 0: not given, which means 1 */
	struct numbered_source *sources; /* or these, one for each guest */
	unsigned int source_count;
	unsigned int max; /* limit of ->count, set by the caller */
	struct device_list *devices;
};

/*
 * Store the value of an option. Return 0, or -EINVAL or -ENOMEM with one line
 * (no newline) in @error that names the option and the value.
 */
int numbered_set_path(struct numbered *numbered, const char *path, char *error,
		      size_t error_size);
int numbered_set_count(struct numbered *numbered, const char *count,
		       char *error, size_t error_size);
int numbered_add_source(struct numbered *numbered, enum vhost_origin origin,
			const char *text, char *error, size_t error_size);
int numbered_add_device(struct numbered *numbered, const char *text,
			char *error, size_t error_size);

/* Returns true if one of the options was given. */
bool numbered_is_given(const struct numbered *numbered);

/*
 * Uses the descriptors that a service manager has passed, @names with a colon
 * between them, if a socket was not given; NULL: there are none. Then checks
 * that no required option is missing if one of them was given, and sets
 * ->count if it was not given. Returns 0, or -EINVAL as above.
 */
int numbered_check(struct numbered *numbered, const char *names, char *error,
		   size_t error_size);

/*
 * Fills @guest, which guest_spec_free() frees, with the description of guest
 * number @index, which is below ->count. Returns 0; or -ENOMEM, or -EINVAL as
 * above; @guest then owns nothing.
 */
int numbered_guest(const struct numbered *numbered, unsigned int index,
		   struct guest_spec *guest, char *error, size_t error_size);

void numbered_fini(struct numbered *numbered);

#endif
