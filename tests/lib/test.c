/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>

#include "tests/lib/test.h"

static struct test *first, **end = &first;
static size_t count;

void test_add(struct test *test)
{
	*end = test;
	end = &test->next;
	count++;
}

int test_run(CMFixtureFunction setup, CMFixtureFunction teardown)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	struct CMUnitTest *to = tests;
	int failed;

	if (!tests)
		return 1;
	for (const struct test *test = first; test; test = test->next)
		*to++ = (struct CMUnitTest){ test->name, test->run, setup,
					     teardown, NULL };
	failed = _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
	free(tests);
	return failed;
}

static bool unfinished;

void test_begin(void)
{
	unfinished = true;
}

void test_end(void)
{
	unfinished = false;
}

bool test_has_failed(void)
{
	return unfinished;
}

uint64_t test_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}
