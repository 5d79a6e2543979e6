// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/tools/tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void usage(void)
{
	fputs("usage: guest-spi COMMAND DEVICE ARGUMENTS [OPTIONS]\n"
	      "  xfer SPIDEV HEX          full duplex, print what came in\n"
	      "  duplex SPIDEV LEN SEED   full duplex, expect an echo\n"
	      "  writeread SPIDEV HEX LEN one message: write, then read\n"
	      "  multi SPIDEV PART...     one message of parts:\n"
	      "      t:HEX write   r:LEN read   d:HEX both   z: no bytes\n"
	      "      a ! at the end of a part sets its cs_change\n"
	      "  mtd MTD OFF LEN SEED     erase, write, read and compare\n"
	      "  mtdcheck MTD OFF LEN SEED  read and compare only\n"
	      "without end, with counts in the file REPORT:\n"
	      "  can INTERFACE ID BYTES    a frame, looped back by the controller\n"
	      "  soakread MTD REPORT OFF LEN SEED  read what mtd wrote\n"
	      "  soakwrite MTD REPORT OFF LEN COUNT  write blocks; 0: no end\n"
	      "  soakecho SPIDEV REPORT LEN  full duplex\n"
	      "  soakregs SPIDEV REPORT BYTES ANSWER  write, then read\n"
	      "options: -m MODE -b BITS -s HZ -l (least bit first) -c (cs"
	      " high)\n",
	      stderr);
	exit(2);
}

void die(const char *what)
{
	fprintf(stderr, "guest-spi: %s: %s\n", what, strerror(errno));
	exit(1);
}

void *allocate(size_t len)
{
	void *p = calloc(1, len ? len : 1);

	if (!p)
		die("memory");
	return p;
}

unsigned long number(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || end == text || *end)
		usage();
	return value;
}

size_t length(const char *text)
{
	size_t value = number(text);

	if (value > MAX_BYTES)
		usage();
	return value;
}

uint8_t *bytes(const char *text, size_t *len)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");
	uint8_t *out = allocate(digits / 2);
	char pair[3] = "";

	if (digits % 2 || (text[digits] && strcmp(&text[digits], "!")))
		usage();
	for (size_t i = 0; i < digits / 2; i++) {
		memcpy(pair, &text[2 * i], 2);
		out[i] = strtoul(pair, NULL, 16);
	}
	*len = digits / 2;
	return out;
}

/* xorshift32 */
void fill(uint8_t *data, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = x >> 24;
	}
}

int compare(const uint8_t *want, const uint8_t *have, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (want[i] == have[i])
			continue;
		fprintf(stderr, "guest-spi: byte %zu of %zu: %02x, not %02x\n",
			i, len, have[i], want[i]);
		return 1;
	}
	return 0;
}
