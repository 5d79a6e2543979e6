/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How a trace is written: what each format supplies. One thread uses it. */
#ifndef TRACE_FORMAT_H
#define TRACE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/trace/format/trace_out.h"
#include "spi-daemon/trace/format/trace_record.h"

struct trace_format;

struct trace_format_ops {
	/* Takes @record with its bytes, which stay the caller's. */
	void (*add)(struct trace_format *format,
		    const struct trace_record *record);
	/*
	 * Writes all that happened until @until, monotonic ns. Returns true if
	 * there is more, for later.
	 */
	bool (*write)(struct trace_format *format, uint64_t until);
	/* Writes the rest, so that the file is complete, and frees @format. */
	void (*close)(struct trace_format *format);
};

/* Embedded as first member by each format. */
struct trace_format {
	const struct trace_format_ops *ops;
	struct trace_out *out;
	uint64_t limit; /* bytes of a file, more or less; 0: none */
};

/*
 * A value change dump, IEEE 1364. Returns NULL without memory. @out, which is
 * empty, must outlive it.
 */
struct trace_format *vcd_new(struct trace_out *out, uint64_t limit);

/* A line of JSON for each request; as above. */
struct trace_format *jsonl_new(struct trace_out *out, uint64_t limit);

/* A line for each transfer and edge of chip select on the wire; as above. */
struct trace_format *text_new(struct trace_out *out, uint64_t limit);

#endif
