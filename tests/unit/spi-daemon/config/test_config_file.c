/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* test_options.c tests what the options mean. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/config/config_file.h"
#include "tests/lib/test.h"

/* Records its arguments, as "<name|value>". */
static int take(void *arg, const char *name, const char *value, char *error,
		size_t error_size)
{
	char *seen = arg;

	sprintf(seen + strlen(seen), "<%s%s%s>", name, value ? "|" : "",
		value ? value : "");
	if (strcmp(name, "bad") != 0)
		return 0;
	snprintf(error, error_size, "no good");
	return -ERANGE;
}

static int read_text(const char *text, size_t len, char *seen, char *error,
		     size_t error_size)
{
	char path[] = "/tmp/test-config-XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	*seen = *error = '\0';
	ret = config_file_read(path, -1, take, seen, error, error_size);
	unlink(path);
	return ret;
}

TEST(lines_become_options)
{
	static const struct {
		const char *text, *seen;
	} cases[] = {
		{ "", "" },
		{ "\n\n#x\n  # y\n", "" },
		{ "name", "<name>" },
		{ "name\n", "<name>" },
		{ "name value\n", "<name|value>" },
		{ "name=value\r\n", "<name|value>" },
		{ "name = value \t\n", "<name|value>" },
		{ "name\tvalue # comment", "<name|value>" },
		{ "name va#lue", "<name|va#lue>" },
		{ "name a=b", "<name|a=b>" },
		{ "name = a=b=c", "<name|a=b=c>" },
		{ "name two words", "<name|two words>" },
		{ "name=", "<name|>" },
		{ "a 1\nb 2\n", "<a|1><b|2>" },
		{ "a 1 , 2,\n  3\n\n# x\n\t4 # y\nb", "<a|1,2,3,4><b>" },
		{ "a 1\n  ,2\n", "<a|1,2>" },
	};
	char seen[200], error[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_text(cases[i].text, strlen(cases[i].text),
					   seen, error, sizeof(error)),
				 0);
		assert_string_equal(seen, cases[i].seen);
	}
}

TEST(mistake_ends_the_reading_at_its_line)
{
	static const char text[] = "a\n\nbad 1\n  2\nc\n";
	char seen[200], error[200];

	assert_int_equal(
		read_text(text, strlen(text), seen, error, sizeof(error)),
		-ERANGE);
	assert_string_equal(seen, "<a><bad|1,2>");
	assert_non_null(strstr(error, ":3: no good"));
}

TEST(what_is_no_text_is_refused)
{
	static char text[(1 << 20) + 1];
	char seen[200], error[200];

	assert_int_equal(read_text("a\0b", 3, seen, error, sizeof(error)),
			 -EINVAL);
	memset(text, '\n', sizeof(text));
	assert_int_equal(
		read_text(text, sizeof(text), seen, error, sizeof(error)),
		-EINVAL);
	assert_non_null(strstr(error, "is not a configuration file"));
}

TEST_MAIN(NULL, NULL)
