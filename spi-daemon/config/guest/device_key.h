/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The keys that may follow the path of a device: PATH[,key=value...]. */
#ifndef DEVICE_KEY_H
#define DEVICE_KEY_H

#include <stddef.h>

#include "spi-daemon/config/guest/device_spec.h"

/*
 * Parses one "key=value" of a device whose ->kind and ->path are set, and
 * splits @item at the =. A bit of @seen, which is 0 at first, is set for each
 * key that was given: none can be given twice.
 * Returns 0; or -EINVAL, with one line (no newline) in @error that names the
 * key and the value; or -ENOMEM.
 */
int device_key_parse(struct device_spec *spec, char *item, unsigned int *seen,
		     char *error, size_t error_size);

#endif
