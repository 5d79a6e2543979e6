/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Processors: how many there are, and how one waits for another. */
#ifndef CPU_H
#define CPU_H

#include <sched.h>

/* Tells the processor that this is a turn of a loop that waits for memory. */
static inline void cpu_relax(void)
{
#if defined(__i386__) || defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/* Returns how many processors this thread may run on; 1 if that is unknown. */
static inline int cpu_count(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

#endif
