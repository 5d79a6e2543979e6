/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Values of options: text to numbers and bytes. */
#ifndef XFER_PARSE_H
#define XFER_PARSE_H

#include <stdint.h>

/*
 * A decimal number of @min..@max. Returns 0, or -EINVAL with the reason (a
 * constant string) in @why.
 */
int xfer_parse_number(const char *text, uint32_t min, uint32_t max,
		      uint32_t *value, const char **why);

/* The same with a suffix k or M, of 1000 or 1000000. */
int xfer_parse_speed(const char *text, uint32_t *value, const char **why);

/*
 * Times per second, 0.001 to 1000000, with up to three places behind the
 * point. Stores the time from one to the next.
 */
int xfer_parse_rate(const char *text, uint64_t *period_ns, const char **why);

/*
 * A number of bytes of @min and more, decimal or with 0x, or decimal with a
 * suffix k or M, of 1024 or 1048576.
 */
int xfer_parse_size(const char *text, uint32_t min, uint32_t *value,
		    const char **why);

/*
 * Hex digits, two for a byte, with spaces between bytes. Stores an array to
 * be freed in @bytes. Returns 0, -EINVAL with the reason, or -ENOMEM.
 */
int xfer_parse_hex(const char *text, uint8_t **bytes, uint32_t *len,
		   const char **why);

/*
 * The contents of the file at @path, of 1..@max bytes; "-" is standard input.
 * Stores an array to be freed in @bytes. Returns 0, or a negative errno with
 * the reason.
 */
int xfer_read_file(const char *path, uint32_t max, uint8_t **bytes,
		   uint32_t *len, const char **why);

#endif
