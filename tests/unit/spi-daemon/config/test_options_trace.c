/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* --trace, --trace-size, and the key trace= of a device. */
#include <errno.h>

#include "spi-daemon/config/key/trace_name.h"
#include "spi-daemon/config/options.h"
#include "tests/lib/test.h"

static char program[] = "vhost-device-spi";
static char guest[] = "-gsocket=a,device=sim:nor,trace=c.vcd";

/* Parses the options @a and @b, which may be NULL, besides those of a guest. */
static int parse(const char *a, const char *b, struct options *options,
		 char *error, size_t error_size)
{
	char *argv[] = { program, guest, (char *)(uintptr_t)a,
			 (char *)(uintptr_t)b, NULL };

	return options_parse(2 + !!a + !!b, argv, -1, options, error,
			     error_size);
}

static void refuse(const char *a, const char *b, const char *why)
{
	struct options options;
	char error[512];

	assert_int_equal(parse(a, b, &options, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, why);
}

TEST(there_is_no_trace_by_default)
{
	struct options options;
	char error[512];

	assert_int_equal(parse(NULL, NULL, &options, error, sizeof(error)), 0);
	assert_int_equal(options.trace_count, 0);
	assert_true(options.trace_size == UINT64_C(256) << 20);
	assert_string_equal(options.guests[0].devices->specs[0].trace, "c.vcd");
	options_free(&options);
}

TEST(several_traces_add_up)
{
	struct options options;
	char error[512];

	assert_int_equal(parse("--trace=/d/a.vcd", "--trace=b.vcd", &options,
			       error, sizeof(error)),
			 0);
	assert_int_equal(options.trace_count, 2);
	assert_string_equal(options.traces[0], "/d/a.vcd");
	assert_string_equal(options.traces[1], "b.vcd");
	options_free(&options);
	assert_int_equal(parse("--trace=a.vcd", "--trace=a.vcd", &options,
			       error, sizeof(error)),
			 0);
	assert_int_equal(options.trace_count, 1);
	options_free(&options);
}

TEST(size_is_taken_up_to_its_limits)
{
	static const struct {
		const char *option;
		uint64_t size;
	} sizes[] = {
		{ "--trace-size=0", 0 },
		{ "--trace-size=64K", 65536 },
		{ "--trace-size=1024G", UINT64_C(1) << 40 },
	};
	struct options options;
	char error[512];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(parse(sizes[i].option, NULL, &options, error,
				       sizeof(error)),
				 0);
		assert_true(options.trace_size == sizes[i].size);
		options_free(&options);
	}
}

TEST(mistakes_name_the_option)
{
	refuse("--trace=x", NULL, "--trace=x is not " TRACE_NAMES);
	refuse("--trace=.vcd", NULL, "--trace=.vcd is not " TRACE_NAMES);
	refuse("--trace-size=1K", NULL,
	       "--trace-size=1K is not a size from 64K to 1024G, or 0");
	refuse("--trace-size=1M", "--trace-size=2M",
	       "--trace-size=2M is the second --trace-size");
}

TEST_MAIN(NULL, NULL)
