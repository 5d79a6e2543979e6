/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Counts system calls of other processes, with ptrace(2). */
#ifndef BENCH_CALLS_H
#define BENCH_CALLS_H

#include "tests/bench/speed/row.h"

#define CALLS_TEXT 96

struct calls {
	double per_request;    /* < 0: not counted */
	char text[CALLS_TEXT]; /* which, the most frequent first */
};

/*
 * Counts the system calls that the peer's processes make for a request of
 * @row, in about @ns of it. They cannot be traced everywhere.
 */
struct calls calls_count(struct peer *peer, const struct row *row, uint64_t ns);

#endif
