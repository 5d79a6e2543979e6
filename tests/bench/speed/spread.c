/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/spread.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct spread spread_of(double *values, unsigned int count)
{
	qsort(values, count, sizeof(*values), compare);
	return (struct spread){
		.low = values[(count - 1) / 4],
		.median = values[(count - 1) / 2],
		.high = values[(count - 1) * 3 / 4],
	};
}
