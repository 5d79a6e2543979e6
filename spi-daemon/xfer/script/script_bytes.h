/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Bytes and times in a script. */
#ifndef SCRIPT_BYTES_H
#define SCRIPT_BYTES_H

#include <stdbool.h>
#include <stdint.h>

struct script_bytes {
	uint8_t *bytes; /* owned by the caller */
	uint8_t *mask;	/* likewise; NULL without a mask */
	uint32_t len;
};

/*
 * Takes bytes from *@text, up to a word that begins with no hex digit: two
 * digits for each byte, with blanks between bytes or not. With a mask a digit
 * may be x, for any. Moves *@text behind them, or to the mistake. Returns 0,
 * -EINVAL if there are none or one has a single digit, or -ENOMEM.
 */
int script_bytes_take(char **text, bool with_mask, struct script_bytes *bytes);

/*
 * A time: "10ms", with s, ms, us or ns, of at most an hour. Returns 0, or
 * -EINVAL with a constant reason in @why.
 */
int script_parse_time(const char *text, uint64_t *ns, const char **why);

#endif
