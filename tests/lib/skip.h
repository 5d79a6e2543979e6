/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Test cases that this machine cannot run. */
#ifndef TEST_SKIP_H
#define TEST_SKIP_H

/*
 * Ends the running cmocka case as skipped and prints why, as one line, in the
 * form that tests/run-tests.sh reads. No other file calls cmocka's skip().
 */
void skip_because(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif
