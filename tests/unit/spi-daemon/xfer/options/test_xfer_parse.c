/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/options/xfer_parse.h"

#include "tests/lib/test.h"

static const char *why;

static uint64_t rate(const char *text)
{
	uint64_t period_ns = 0;

	return xfer_parse_rate(text, &period_ns, &why) ? 0 : period_ns;
}

TEST(rates_have_places)
{
	assert_int_equal(rate("1"), 1000000000);
	assert_int_equal(rate("0.5"), 2000000000);
	assert_int_equal(rate("2.05"), 487804878);
	assert_int_equal(rate("0.001"), UINT64_C(1000000000000));
	assert_int_equal(rate("1000000"), 1000);
}

TEST(rates_that_are_none_are_refused)
{
	static const char *const bad[] = { "",	     "0",	    "0.000",
					   "1.0000", ".5",	    "-1",
					   "1k",     "1000000.001", "99999999",
					   "1.5.",   " 1" };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rate(bad[i]), 0);
}

static uint32_t size(const char *text)
{
	uint32_t value = 0;

	return xfer_parse_size(text, 1, &value, &why) ? 0 : value;
}

TEST(sizes_are_decimal_or_hex)
{
	assert_int_equal(size("4096"), 4096);
	assert_int_equal(size("4k"), 4096);
	assert_int_equal(size("3M"), 3145728);
	assert_int_equal(size("0x10fF"), 0x10ff);
	assert_int_equal(size("4294967295"), UINT32_MAX);
}

TEST(sizes_that_are_none_are_refused)
{
	static const char *const bad[] = { "",
					   "0",
					   "x",
					   "4K",
					   "4kk",
					   "0x",
					   "0xg",
					   "0x1k",
					   "-1",
					   "4 ",
					   "4096M",
					   "4294967296",
					   "99999999999999999999" };

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(size(bad[i]), 0);
}

TEST_MAIN(NULL, NULL)
