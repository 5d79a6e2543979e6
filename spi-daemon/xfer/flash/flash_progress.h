/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A progress bar on stderr, if that is a terminal. */
#ifndef FLASH_PROGRESS_H
#define FLASH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct flash_progress {
	const char *what; /* is done: "writing" */
	uint64_t total;	  /* bytes */
	uint64_t shown;	  /* the per cent that the bar shows, or another one */
	bool terminal;
};

/* Shows a bar at 0 of @total bytes. @what is kept. */
void flash_progress_begin(struct flash_progress *progress, const char *what,
			  uint64_t total);

/* Shows that @done bytes are done. */
void flash_progress_show(struct flash_progress *progress, uint64_t done);

/* Ends the line of the bar. */
void flash_progress_end(struct flash_progress *progress);

#endif
