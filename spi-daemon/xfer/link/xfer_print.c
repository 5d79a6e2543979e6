/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/link/xfer_print.h"

#include <inttypes.h>

#define DUMP_WIDTH 16

void xfer_print_hex(FILE *out, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		fprintf(out, "%s%02x", i ? " " : "", bytes[i]);
	fputc('\n', out);
}

static void print_dump_line(FILE *out, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < DUMP_WIDTH; i++) {
		if (i == DUMP_WIDTH / 2)
			fputc(' ', out);
		if (i < len)
			fprintf(out, " %02x", bytes[i]);
		else
			fputs("   ", out);
	}
	fputs("  |", out);
	for (uint32_t i = 0; i < len; i++)
		fputc(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.',
		      out);
	fputs("|\n", out);
}

void xfer_print_dump(FILE *out, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += DUMP_WIDTH) {
		uint32_t n = len - i < DUMP_WIDTH ? len - i : DUMP_WIDTH;

		fprintf(out, "%08" PRIx32 " ", i);
		print_dump_line(out, bytes + i, n);
	}
}
