/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The median of some values, and its quartiles. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

struct spread {
	double low, median, high; /* 25 %, 50 % and 75 % are below */
};

/* Sorts @values. @count is at least 1. */
struct spread spread_of(double *values, unsigned int count);

#endif
