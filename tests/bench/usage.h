/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a process costs, as /proc tells. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
	unsigned int threads, fds;
	unsigned long rss_kb;  /* resident, with what it shares */
	unsigned long pss_kb;  /* the same, but shares are divided */
	unsigned long own_kb;  /* what nobody else has: it is freed with it */
	unsigned long page_kb; /* page tables */
	unsigned long wakeups; /* how often its threads slept so far */
	uint64_t cpu_ns;       /* processor time so far */
};

/* Ends the program if the process is not there. */
struct usage usage_of(pid_t pid);

/* Only ->cpu_ns of it, which is faster. */
uint64_t usage_cpu_ns(pid_t pid);

#endif
