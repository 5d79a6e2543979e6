/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Lets a benchmark have the processors before all other programs. */
#ifndef BENCH_URGENT_H
#define BENCH_URGENT_H

/*
 * Moves to a child process, in a session of its own, with the highest priority
 * of those that share processors; the caller ends with it. Ends the program if
 * it may not do that.
 */
void urgent_begin(void);

#endif
