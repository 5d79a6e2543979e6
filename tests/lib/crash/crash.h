/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a process leaves behind in shared memory, wherever it is killed: runs
 * code in a child, an instruction at a time, and keeps the memory as it is
 * after each that changed it. That is each state that a crash can leave.
 */
#ifndef TEST_CRASH_H
#define TEST_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRASH_MAX 4096

struct crash {
	size_t size;	     /* bytes of each state */
	unsigned int count;  /* states; the first is that before the run */
	unsigned long steps; /* instructions, each as long as a system call */
	uint8_t *states;     /* CRASH_MAX of them */
};

/* Can children be run an instruction at a time here? */
bool crash_is_possible(void);

/* Makes room for states of @size bytes; to be freed with crash_free(). */
void crash_init(struct crash *crash, size_t size);
void crash_free(struct crash *crash);

/*
 * Calls @run(@memory) in a child. @memory, of ->size bytes, is mapped shared;
 * it is left as the run leaves it.
 */
void crash_run(struct crash *crash, void (*run)(void *memory), void *memory);

/* State @i. */
const void *crash_state(const struct crash *crash, unsigned int i);

#endif
