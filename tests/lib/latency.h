/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Times that something took, and how they are distributed. */
#ifndef TEST_LATENCY_H
#define TEST_LATENCY_H

#include <stddef.h>
#include <stdint.h>

/* All zero: none yet. */
struct latency {
	uint64_t *ns; /* owned */
	size_t count, room;
};

/* Without memory for it, it is not counted. */
void latency_add(struct latency *latency, uint64_t ns);

/* The time that @percent (0..100) of all did not exceed; 0 if there is none. */
uint64_t latency_percentile(struct latency *latency, double percent);

/* Forgets all, and frees it. */
void latency_clear(struct latency *latency);

#endif
