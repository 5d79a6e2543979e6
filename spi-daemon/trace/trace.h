/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One trace: a file that tells what went over the wire, and the thread that
 * writes it. The main thread opens and closes it; any thread may put records
 * into its queue.
 */
#ifndef TRACE_H
#define TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/trace/format/trace_format.h"
#include "spi-daemon/trace/format/trace_out.h"
#include "spi-daemon/trace/trace_queue.h"

struct trace {
	struct trace_queue queue;
	bool of_requests; /* constant: of these, not of the wire */
	const char *path; /* constant */
	/* The main thread's: */
	struct trace *next;
	unsigned int users;	  /* see trace_set.h */
	struct trace_chip *chips; /* by number */
	unsigned int chip_count;
	pthread_t thread;
	/* Its own thread's: */
	struct trace_out out;
	struct trace_format *format;
	uint64_t retry_at; /* monotonic ns: after an error, not before */
};

/*
 * Opens a trace of @path, whose name tells its format: FILE.vcd or FILE.jsonl.
 * When a file has @size bytes the next one begins; 0: never.
 * Returns 0; or a negative errno, with one line (no newline) in @error that
 * begins with the path.
 */
int trace_open(const char *path, uint64_t size, struct trace **out, char *error,
	       size_t error_size);

/* Nobody puts records into it any more: writes the rest, and frees it. */
void trace_close(struct trace *trace);

/* Returns the number of @chip in @trace, or a negative errno. */
int trace_add_chip(struct trace *trace, const struct trace_chip *chip);

#endif
