/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* --stats, on the command line and in the configuration file. */
#include "tests/unit/spi-daemon/config/options_line.h"

/* Parses a file with @line, and the argument @word if not NULL. */
static int parse(const char *line, const char *word, struct options *options,
		 char *error, size_t error_size)
{
	char words[200];

	snprintf(words, sizeof(words), "-gsocket=a,device=sim:nor%s%s",
		 word ? " " : "", word ? word : "");
	return parse_with_file(words, line, options, error, error_size);
}

static void check(const char *line, char *word, const char *stats)
{
	struct options options;
	char error[512] = "";

	if (parse(line, word, &options, error, sizeof(error)))
		fail_msg("%s", error);
	if (stats)
		assert_string_equal(options.stats, stats);
	else
		assert_null(options.stats);
	options_free(&options);
}

TEST(stats_are_taken_from_both_and_the_command_line_rules)
{
	static char word[] = "--stats=a/b";

	check("", NULL, NULL);
	check("", word, "a/b");
	check("stats c/d\n", NULL, "c/d");
	check("stats c/d\n", word, "a/b");
}

static void check_mistake(const char *line, char *word, const char *why)
{
	struct options options;
	char error[512] = "";

	assert_int_equal(parse(line, word, &options, error, sizeof(error)),
			 -EINVAL);
	assert_non_null(strstr(error, why));
}

TEST(mistakes_are_told)
{
	static char empty[] = "--stats=", word[] = "--stats";

	check_mistake("", empty, "--stats= has no value");
	check_mistake("", word, "--stats needs a value");
	check_mistake("stats\n", NULL, ":1: stats needs a value");
	check_mistake("stats a\nstats b\n", NULL,
		      ":2: --stats=b is the second --stats");
}

TEST_MAIN(NULL, NULL)
