/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Numbers with a suffix, as 64k. */
#ifndef SCALED_H
#define SCALED_H

#include <stdint.h>

#define SCALED_SIZE  1024 /* units: what k is, of bytes and of Hz */
#define SCALED_SPEED 1000

/*
 * Reads a decimal number that may end in k, M or G, which are powers of @unit.
 * Returns 0 and stores it in @number; -EINVAL if @text is no such number, or
 * not within @min and @max.
 */
int scaled_parse(const char *text, uint64_t unit, uint64_t min, uint64_t max,
		 uint64_t *number);

#endif
