/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Measures a row: peers take turns, for many rounds. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "tests/bench/speed/result.h"

struct measure_options {
	const char *other; /* command of PEER_OTHER, or NULL */
	double seconds;	   /* for each peer and row */
};

/* Returns how many rounds there are in the @seconds of a peer. */
unsigned int measure_rounds(double seconds);

void measure_row(const struct measure_options *options,
		 const struct fake_bus *bus, const struct row *row,
		 struct results *results);

#endif
