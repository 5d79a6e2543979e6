/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Checks that descriptions of guests agree with each other. */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include <stddef.h>

#include "spi-daemon/config/guest/guest_spec.h"

/*
 * Returns 0 if one daemon can serve all @guests: their names and sockets
 * differ, a chip of several guests has the same description for each and is not
 * exclusive, and no guest has a chip twice. Otherwise returns -EINVAL, or
 * -ENOMEM, with one line (no newline) in @error. Opens no file.
 */
int guest_check(const struct guest_spec *guests, unsigned int count,
		char *error, size_t error_size);

#endif
