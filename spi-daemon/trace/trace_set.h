/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The traces of the daemon: those that see all chips, and those of single
 * chips, several of which can be one file. The main thread's.
 */
#ifndef TRACE_SET_H
#define TRACE_SET_H

#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/trace/trace_tap.h"

/* Traces that see all chips: a chip can have one of its own besides. */
#define TRACE_SET_MAX (TRACE_TAP_MAX - 1)

/* All zero: no trace. */
struct trace_set {
	struct trace *traces;		  /* each that is open */
	struct trace *all[TRACE_SET_MAX]; /* those that see all chips */
	unsigned int all_count;
	uint64_t size; /* see trace_open() */
};

/*
 * From now on the @count traces @paths, at most TRACE_SET_MAX, are to see all
 * chips; each chip is to be attached again. A trace that is open already goes
 * on, with the size that it has.
 * Returns 0; or a negative errno, with one line (no newline) in @error that
 * names the option: then nothing was changed.
 */
int trace_set_change(struct trace_set *set, char *const *paths,
		     unsigned int count, uint64_t size, char *error,
		     size_t error_size);

/* Closes the traces. No chip is attached any more. */
void trace_set_close(struct trace_set *set);

/*
 * Has the traces see what @dev does, which is @chip: those that see all chips,
 * and @own, a path, or NULL; and no others, if it was attached before. Returns
 * 0; or a negative errno, with one line (no newline) in @error that begins with
 * the path.
 */
int trace_set_attach(struct trace_set *set, struct trace_tap *tap,
		     struct spi_device *dev, const struct trace_chip *chip,
		     const char *own, char *error, size_t error_size);

/* Undoes that. */
void trace_set_detach(struct trace_set *set, struct trace_tap *tap,
		      struct spi_device *dev);

#endif
