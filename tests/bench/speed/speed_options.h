/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The command line of bench_speed. */
#ifndef BENCH_SPEED_OPTIONS_H
#define BENCH_SPEED_OPTIONS_H

#include <stdbool.h>

struct speed_options {
	const char *other; /* command of another daemon, or NULL */
	const char *rows;  /* what is wanted, or NULL: all */
	const char *json, *svg, *markdown; /* files to write, or NULL */
	bool list, urgent;
};

/* Ends the program after a mistake, and after --help. */
struct speed_options speed_options_parse(int argc, char **argv);

#endif
