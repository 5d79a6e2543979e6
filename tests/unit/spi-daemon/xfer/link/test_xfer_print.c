/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/link/xfer_print.h"

#include <stdlib.h>

#include "tests/lib/test.h"

static void expect(void (*print)(FILE *out, const uint8_t *bytes, uint32_t len),
		   const char *bytes, uint32_t len, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(out, (const uint8_t *)bytes, len);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

TEST(bytes_are_a_line)
{
	expect(xfer_print_hex, "\xc2\x20\x14", 3, "c2 20 14\n");
}

TEST(dump_has_offsets_and_characters)
{
	expect(xfer_print_dump, "0123456789 bcdef\x00\x7f~", 19,
	       "00000000  30 31 32 33 34 35 36 37  38 39 20 62 63 64 65 66  "
	       "|0123456789 bcdef|\n"
	       "00000010  00 7f 7e                                          "
	       "|..~|\n");
	expect(xfer_print_dump, "12345678", 8,
	       "00000000  31 32 33 34 35 36 37 38                           "
	       "|12345678|\n");
}

TEST_MAIN(NULL, NULL)
