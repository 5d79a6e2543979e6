/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "spi-daemon/system/long_option.h"
#include "tests/lib/test.h"

static const struct option options[] = {
	{ "path", required_argument, NULL, 'p' },
	{ "with", required_argument, NULL, 'w' },
	{ "without", required_argument, NULL, 'x' },
	{ "quiet", no_argument, NULL, 'q' },
	{ NULL, 0, NULL, 0 },
};

/*
 * Reads the words of @line as a program does. Returns what is not an option,
 * or NULL when getopt_long() has read all.
 */
static const char *read_line(const char *line)
{
	static char words[128];
	char name[] = "program", *rest = words, *argv[16] = { name };
	int argc = 1, found = 0;

	strcpy(words, line);
	while (rest && *rest)
		argv[argc++] = strsep(&rest, " ");
	optind = 0;
	while (found != -1) {
		const char *unknown = long_option_unknown(argc, argv, options);

		if (unknown)
			return unknown;
		found = getopt_long(argc, argv, "+:p:w:x:q", options, NULL);
		assert_int_not_equal(found, '?');
		assert_int_not_equal(found, ':');
	}
	return NULL;
}

TEST(full_names_are_known)
{
	static const char *const lines[] = {
		"",
		"--path=a --with=b --without=c --quiet",
		"--path a --with b --without c --quiet",
		"-qp a -xb -q",
		/* values, not options */
		"--path --pa --quiet",
		"-p --pa -q",
		"-qp --pa",
		/* behind the options */
		"--quiet -- --pa",
		"--quiet word --pa",
		"-q -",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_null(read_line(lines[i]));
}

TEST(all_else_is_unknown)
{
	static const struct {
		const char *line, *word;
	} cases[] = {
		{ "--pa a", "--pa" },
		{ "--p=a", "--p=a" },
		{ "--wi=b", "--wi=b" },
		{ "--witho=b", "--witho=b" },
		{ "--withouts=b", "--withouts=b" },
		{ "--quietly", "--quietly" },
		{ "--Quiet", "--Quiet" },
		{ "--=x", "--=x" },
		{ "---quiet", "---quiet" },
		{ "-q --quiet --path=a --qu", "--qu" },
		{ "--path --quiet --pat", "--pat" },
		{ "-qpa --pat", "--pat" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(read_line(cases[i].line), cases[i].word);
}

TEST_MAIN(NULL, NULL)
