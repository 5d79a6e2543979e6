/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The guests of --socket-path, --socket-count and --device, who share all
 * devices and differ in a number only, from 0.
 */
#ifndef NUMBERED_H
#define NUMBERED_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/guest/guest_spec.h"

/* All 0 to begin with, and freed with numbered_fini(). */
struct numbered {
	char *socket_path;  /* the number follows */
	unsigned int count; /* 0: not given, so 1 */
	unsigned int max;   /* of ->count; the caller's */
	struct device_list *devices;
};

/*
 * Take in the value of an option. Return 0; or -EINVAL (or -ENOMEM), with one
 * line (no newline) in @error that names the option and the value.
 */
int numbered_set_path(struct numbered *numbered, const char *path, char *error,
		      size_t error_size);
int numbered_set_count(struct numbered *numbered, const char *count,
		       char *error, size_t error_size);
int numbered_add_device(struct numbered *numbered, const char *text,
			char *error, size_t error_size);

/* Was any of the options given? */
bool numbered_is_given(const struct numbered *numbered);

/*
 * Are all options given that need be, if one is? Completes ->count. Returns 0
 * or -EINVAL, as above.
 */
int numbered_check(struct numbered *numbered, char *error, size_t error_size);

/*
 * Describes guest number @index, below ->count, in @guest, to be freed with
 * guest_spec_free(). Returns 0, or -ENOMEM with nothing in @guest.
 */
int numbered_guest(const struct numbered *numbered, unsigned int index,
		   struct guest_spec *guest);

void numbered_fini(struct numbered *numbered);

#endif
