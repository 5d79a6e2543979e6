/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * All states that a crash can leave in shared memory. Runs code in a child, one
 * instruction at a time, and copies the memory after each instruction that
 * changed it.
 */
#ifndef TEST_CRASH_H
#define TEST_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRASH_MAX 4096

struct crash {
	size_t size;	     /* bytes of each state */
	unsigned int count;  /* states; the first is from before the run */
	unsigned long steps; /* instructions; each costs a system call */
	uint8_t *states;     /* CRASH_MAX of them */
};

/* Returns true if this machine can single-step a child. */
bool crash_is_possible(void);

/* Allocates room for states of @size bytes. Free it with crash_free(). */
void crash_init(struct crash *crash, size_t size);
void crash_free(struct crash *crash);

/*
 * Calls @run(@memory) in a child and stores the states of @memory. @memory has
 * ->size bytes and is a shared mapping: it keeps what @run wrote.
 */
void crash_run(struct crash *crash, void (*run)(void *memory), void *memory);

/* Returns state @i, of ->size bytes. */
const void *crash_state(const struct crash *crash, unsigned int i);

#endif
