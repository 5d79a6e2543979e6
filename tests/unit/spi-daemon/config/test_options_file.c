/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Options in the configuration file */
#include "tests/unit/spi-daemon/config/options_line.h"

TEST(file_has_the_words_of_the_command_line)
{
	struct options options;
	char error[700] = "";

	if (parse_with_file("-v",
			    "# two guests\n"
			    "guest socket=/run/a, name=a,\n"
			    "\tdevice=/dev/spidev0.0, cs=nor\n"
			    "\n"
			    "guest = socket=/run/b,weight=3 # b\n"
			    "      device=/dev/spidev0.1\n"
			    "socket-path v\n"
			    "device=sim:nor,size=1M\n"
			    "replay",
			    &options, error, sizeof(error)))
		fail_msg("%s", error);
	assert_int_equal(options.guest_count, 3);
	assert_string_equal(options.guests[0].name, "a");
	assert_string_equal(options.guests[0].devices->specs[0].table_name,
			    "nor");
	assert_string_equal(options.guests[1].name, "/run/b");
	assert_int_equal(options.guests[1].weight, 3);
	assert_string_equal(options.guests[2].socket, "v0");
	assert_true(options.guests[1].replay);
	assert_true(options.verbose);
	assert_non_null(options.config);
	options_free(&options);
}

TEST(command_line_has_the_last_word)
{
	struct options options;
	char error[700] = "";

	assert_int_equal(parse_with_file("-s mine -l sim:nor",
					 "socket-path theirs\n"
					 "socket-count 2\n"
					 "guest socket=g,device=sim:nor\n",
					 &options, error, sizeof(error)),
			 OPTIONS_RUN);
	assert_int_equal(options.guest_count, 3);
	assert_string_equal(options.guests[0].socket, "g");
	assert_string_equal(options.guests[2].socket, "mine1");
	options_free(&options);
}

TEST(file_may_describe_no_guest)
{
	struct options options;
	char error[700] = "";

	assert_int_equal(
		parse_with_file("-v", "#\n", &options, error, sizeof(error)),
		OPTIONS_RUN);
	assert_int_equal(options.guest_count, 0);
	options_free(&options);
}

TEST(mistake_in_a_file_is_told_with_its_line)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "\n\nnope 1\n",
		  ":3: \"nope\" is not an option of this file" },
		{ "config /b", ":1: \"config\" is not an option of this file" },
		{ "help", ":1: \"help\" is not an option of this file" },
		{ "guest\n", ":1: guest needs a value" },
		{ "replay=yes\n", ":1: replay takes no value" },
		{ " device=d\n", ":1: begins with a blank, but there is no "
				 "line before it to continue" },
		{ "socket-path=a\nsocket-path=b",
		  ":2: --socket-path=b is the second --socket-path" },
		{ "verbose\n# x\nguest socket=a\n  name=?\n",
		  ":3: --guest=socket=a,name=?: name=? is not 1 to 32 letters, "
		  "digits, dots, dashes and underscores" },
	};
	struct options options;
	char error[700];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse_with_file("-v", cases[i].text, &options,
						 error, sizeof(error)),
				 -EINVAL);
		assert_string_equal(error, cases[i].error);
	}
}

TEST_MAIN(NULL, NULL)
