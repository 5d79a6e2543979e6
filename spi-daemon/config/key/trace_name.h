/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The file of a trace, whose name tells its format. */
#ifndef TRACE_NAME_H
#define TRACE_NAME_H

#include <stdbool.h>

/* What such names are, for messages */
#define TRACE_NAMES "FILE.vcd, FILE.txt or FILE.jsonl"

/* Returns true if @path is the name of a trace: TRACE_NAMES. */
bool trace_name_is_good(const char *path);

/*
 * Returns a copy of @text, which describes a device, without its key trace=;
 * the caller frees it. NULL without memory.
 */
char *trace_name_drop(const char *text);

#endif
