/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What was measured, and how it is shown. */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdio.h>

#include "tests/bench/speed/calls.h"
#include "tests/bench/speed/idle.h"
#include "tests/bench/speed/row.h"
#include "tests/bench/speed/spread.h"

/* A peer's figures in a row; times are of one request, in us */
struct result {
	bool present; /* it took part */
	bool failed;  /* requests failed, or none could be made */
	struct spread us, cpu_us;
	/* The same over the floor's in the same round */
	struct spread ratio, cpu_ratio;
	/* Shares of the time, 0..1: the bus is used, */
	struct spread bus;
	double idle; /* or idle while guests wait; < 0: not known */
	struct calls calls;
};

/* One row's figures */
struct results {
	const struct row *row;
	unsigned int rounds;
	struct result of[PEER_KINDS];
};

/* Print the title of a group, and a row of it. */
void result_print_group(const struct row_group *group);
void result_print(const struct results *results);

/* All that was measured */
struct report {
	struct results *results;
	unsigned int count;
	struct idle idle[PEER_KINDS];
};

/*
 * Write all of it to @file: as JSON, as tables in Markdown; and what grows, as
 * plots, in SVG.
 */
void report_write_json(FILE *file, const struct report *report);
void report_write_markdown(FILE *file, const struct report *report);
void report_write_svg(FILE *file, const struct report *report);

#endif
