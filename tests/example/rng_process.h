/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Runs the example back end: the binary that the environment variable
 * VHOST_RNG names, or build/tests/example/vhost-rng. It works in a directory
 * of its own and ends with the test. Errors fail the running cmocka test.
 */
#ifndef TESTS_EXAMPLE_RNG_PROCESS_H
#define TESTS_EXAMPLE_RNG_PROCESS_H

#include <sys/types.h>

#define RNG_TIMEOUT_MS 20000

struct rng_process {
	pid_t pid;
	char dir[64];
	char socket[80]; /* where it listens */
	char log[80];	 /* its output */
};

/* Starts it and waits until it listens. */
void rng_start(struct rng_process *rng);

/* Checks that it still runs, ends it and removes its directory. */
void rng_stop(struct rng_process *rng);

#endif
