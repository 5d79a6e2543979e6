/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "spi-daemon/config/key/trace_name.h"
#include "tests/lib/test.h"

TEST(names_of_traces_end_in_their_format)
{
	assert_true(trace_name_is_good("a.vcd"));
	assert_true(trace_name_is_good("/tmp/a.vcd.txt"));
	assert_true(trace_name_is_good("b/.c.jsonl"));
	assert_false(trace_name_is_good(""));
	assert_false(trace_name_is_good(".vcd"));
	assert_false(trace_name_is_good("a.vcd.1"));
	assert_false(trace_name_is_good("a.VCD"));
	assert_false(trace_name_is_good("avcd"));
}

static void check_drop(const char *text, const char *expected)
{
	char *rest = trace_name_drop(text);

	assert_string_equal(rest, expected);
	free(rest);
}

TEST(descriptions_are_left_without_their_traces)
{
	check_drop("sim:nor", "sim:nor");
	check_drop("sim:nor,trace=a.vcd", "sim:nor");
	check_drop("d,trace=a.vcd,cs=nor,trace=b.txt", "d,cs=nor");
	check_drop("d,cs-trace=a.vcd,trace", "d,cs-trace=a.vcd,trace");
	check_drop("", "");
}

TEST_MAIN(NULL, NULL)
