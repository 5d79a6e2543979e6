/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Long options by their full names only. getopt_long() accepts any unambiguous
 * abbreviation, so that an option of one version can be taken for another one
 * of an older version: --with=X for --without=X.
 */
#ifndef LONG_OPTION_H
#define LONG_OPTION_H

#include <getopt.h>

/*
 * Call this before each getopt_long(), whose short options begin with '+', so
 * that it reads the words in their order. Returns the next word if it is a
 * long option whose name is not in @options, letter by letter; else NULL.
 */
const char *long_option_unknown(int argc, char *const *argv,
				const struct option *options);

#endif
