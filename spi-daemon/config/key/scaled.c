// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/config/key/scaled.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

int scaled_parse(const char *text, uint64_t unit, uint64_t min, uint64_t max,
		 uint64_t *number)
{
	uint64_t scale = 1;
	uintmax_t count;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL; /* strtoumax() accepts blanks and signs */
	count = strtoumax(text, &end, 10);
	switch (*end) {
	case 'G':
		scale *= unit;
		/* fall through */
	case 'M':
		scale *= unit;
		/* fall through */
	case 'K':
	case 'k':
		scale *= unit;
		end++;
		break;
	default:
		break;
	}
	if (*end || count > max / scale || count * scale < min)
		return -EINVAL;
	*number = count * scale;
	return 0;
}
