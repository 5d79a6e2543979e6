/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The dirty log of a front end that migrates a guest */
#ifndef FRONT_LOG_H
#define FRONT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/front/front_mem.h"

struct front_log {
	int fd;		 /* memfd, owned */
	uint64_t size;	 /* of the log, bytes */
	uint64_t offset; /* where it begins in the file */
	uint8_t *bits;	 /* our mapping; page n is bit n % 8 of byte n / 8 */
	uint8_t *map;
};

/*
 * Makes a log for guest addresses below @end, at @offset of a new memfd.
 * Returns 0 or a negative errno.
 */
int front_log_open(struct front_log *log, uint64_t end, uint64_t offset);
void front_log_close(struct front_log *log);

/* Returns the end of guest memory, up to which a log must reach. */
uint64_t front_log_end(const struct front_mem *mem);

/* Clears the mark of the page at @addr. Returns true if it was set. */
bool front_log_take(struct front_log *log, uint64_t addr);

/*
 * Finds the lowest marked page. Stores its address in @addr and returns true,
 * or returns false if no page is marked. Leaves the marks.
 */
bool front_log_find(const struct front_log *log, uint64_t *addr);

/* Clears all marks. */
void front_log_clear(struct front_log *log);

#endif
