/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What formats have in common that write lines for each record as it comes. */
#ifndef LINE_FORMAT_H
#define LINE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/trace/format/trace_format.h"

/* A chip that the trace was told of */
struct line_chip {
	struct trace_chip chip;
	bool selected; /* the format's; false after records were lost */
};

struct line_format_ops {
	/* Writes lines for @record, which is of @chip, and is no TRACE_LOST. */
	void (*print)(struct trace_out *out, struct line_chip *chip,
		      const struct trace_record *record);
	/* Writes a line that says that @count records are missing. */
	void (*lost)(struct trace_out *out, unsigned long long count);
};

/* Returns a format that writes with @ops; otherwise as vcd_new(). */
struct trace_format *line_format_new(const struct line_format_ops *ops,
				     struct trace_out *out, uint64_t limit);

#endif
