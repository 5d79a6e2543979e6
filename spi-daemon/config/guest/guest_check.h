/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Whether descriptions of guests contradict each other. */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include <stddef.h>

#include "spi-daemon/config/guest/guest_spec.h"

/*
 * May these guests be served side by side? Names and sockets must differ; a
 * chip that several guests have must have one description and must not be
 * exclusive; no guest has a chip twice. Opens nothing.
 * Returns 0; or -EINVAL (or -ENOMEM) with one line (no newline) in @error.
 */
int guest_check(const struct guest_spec *guests, unsigned int count,
		char *error, size_t error_size);

#endif
