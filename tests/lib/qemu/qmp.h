/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* QEMU's monitor: commands in JSON, one to a line. */
#ifndef TEST_QMP_H
#define TEST_QMP_H

#include <stddef.h>
#include <stdint.h>

#include "tests/lib/channel.h"

/* Reads the greeting and begins. Returns 0 or a negative errno. */
int qmp_open(struct channel *c, int64_t deadline);

/*
 * Sends one command. @reply, unless NULL, gets the answer.
 * Returns 0, -EIO for an error answer, or another negative errno.
 */
int qmp_command(struct channel *c, const char *json, char *reply, size_t size);

#endif
