/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A program of cmocka cases, which nothing has to list:
 *
 *	TEST(sum_of_two_numbers)
 *	{
 *		assert_int_equal(1 + 1, 2);
 *	}
 *
 *	TEST_WITH(answer_comes_when_asked, struct rig *rig)
 *	{
 *		assert_int_equal(rig_ask(rig), 0);
 *	}
 *
 *	TEST_MAIN(rig_setup, rig_teardown)
 *
 * The parameter of TEST_WITH() is what the setup left in *state. Cases run in
 * the order of the file.
 *
 * Includes <cmocka.h>, and the headers that it needs.
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct test {
	const char *name;
	CMUnitTestFunction run;
	struct test *next;
};

/* Adds a case, which must outlive the program's main(), behind the others. */
void test_add(struct test *test);

/*
 * Runs all cases, each with @setup before it and @teardown behind it; NULL:
 * none. Returns how many failed.
 */
int test_run(CMFixtureFunction setup, CMFixtureFunction teardown);

/*
 * Returns true in the teardown of a case that has failed. For the macros below:
 * the case begins, and it ends, or is skipped. A failure ends it otherwise.
 */
bool test_has_failed(void);
void test_begin(void);
void test_end(void);

/* The number in the environment variable @name, or @otherwise. */
uint64_t test_number(const char *name, uint64_t otherwise);

#define TEST_ADD(name)                                              \
	__attribute__((constructor)) static void name##_add(void)   \
	{                                                           \
		static struct test test = { #name, name##_run, 0 }; \
                                                                    \
		test_add(&test);                                    \
	}

#define TEST(name)                           \
	static void name(void);              \
	static void name##_run(void **state) \
	{                                    \
		(void)state;                 \
		test_begin();                \
		name();                      \
		test_end();                  \
	}                                    \
	TEST_ADD(name)                       \
	static void name(void)

#define TEST_WITH(name, parameter)           \
	static void name(parameter);         \
	static void name##_run(void **state) \
	{                                    \
		test_begin();                \
		name(*state);                \
		test_end();                  \
	}                                    \
	TEST_ADD(name)                       \
	static void name(parameter)

#define TEST_MAIN(setup, teardown)                \
	int main(void)                            \
	{                                         \
		return test_run(setup, teardown); \
	}

#endif
