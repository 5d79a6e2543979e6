/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Counts system calls of other processes, with ptrace(2). */
#ifndef BENCH_CALLS_H
#define BENCH_CALLS_H

#include "tests/bench/speed/row.h"

/*
 * Returns how many system calls the peer's processes make for a request of
 * @row, in about @ns of it. Less than 0: they cannot be traced.
 */
double calls_per_request(struct peer *peer, const struct row *row, uint64_t ns);

#endif
