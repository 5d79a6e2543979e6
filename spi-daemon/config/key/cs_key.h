/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* cs=: the framing of a device */
#ifndef CS_KEY_H
#define CS_KEY_H

#include <stddef.h>

#include "spi-daemon/config/guest/device_spec.h"

/*
 * Stores the framing @value, in place of another. Returns 0, -EINVAL if it is
 * none, or -ENOMEM.
 */
int cs_key(struct device_spec *spec, const char *value);

/*
 * Loads the table of the framing, once all keys were parsed. Returns 0; or
 * -EINVAL, with one line (no newline) in @error; or -ENOMEM.
 */
int cs_key_finish(struct device_spec *spec, char *error, size_t error_size);

#endif
