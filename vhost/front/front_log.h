/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The log of dirty pages, as a front end that migrates a guest reads it. */
#ifndef FRONT_LOG_H
#define FRONT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_mem.h"

struct front_log {
	int fd;		 /* memfd, owned */
	uint64_t size;	 /* bytes of the log, */
	uint64_t offset; /* and where it is in the file */
	uint8_t *bits;	 /* our mapping; page n is bit n % 8 of byte n / 8 */
	uint8_t *map;
};

/*
 * Makes a log for guest addresses below @end, at @offset of its file.
 * Returns 0 or a negative errno.
 */
int front_log_open(struct front_log *log, uint64_t end, uint64_t offset);
void front_log_close(struct front_log *log);

/* The end of guest memory: what a log must cover. */
uint64_t front_log_end(const struct front_mem *mem);

/* Is the page at @addr marked? Clears the mark. */
bool front_log_take(struct front_log *log, uint64_t addr);

/*
 * Finds a marked page, the lowest. Stores its address and returns true, or
 * returns false when there is none. Clears nothing.
 */
bool front_log_find(const struct front_log *log, uint64_t *addr);

/* Clears all marks. */
void front_log_clear(struct front_log *log);

#endif
