/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Busy loops on the host, in processes of their own. */
#ifndef TESTS_GUEST_LOAD_H
#define TESTS_GUEST_LOAD_H

#include <sys/types.h>

#define LOAD_MAX 4

struct load {
	unsigned int count;
	pid_t pids[LOAD_MAX];
};

/* Starts @count busy loops. They end with the thread that called this. */
void load_start(struct load *load, unsigned int count);

void load_stop(struct load *load);

#endif
