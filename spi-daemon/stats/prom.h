/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Writes the text exposition format of Prometheus, version 0.0.4. The caller
 * checks the stream for errors, with ferror(3) or fclose(3).
 */
#ifndef PROM_H
#define PROM_H

#include <stdint.h>
#include <stdio.h>

/*
 * Begins a family of metrics. @type is "counter", "gauge", "histogram" or
 * "summary", @help is one line without backslashes. Write its samples next.
 */
void prom_family(FILE *file, const char *name, const char *type,
		 const char *help);

/*
 * Returns the string NAME="value", which the caller frees. A byte of @value
 * that is not printable ASCII becomes \xNN, as in the log, because the format
 * is UTF-8. Returns NULL if there is no memory.
 */
char *prom_label(const char *name, const char *value);

/*
 * Writes one sample. @labels and @more are strings of prom_label(), or several
 * of them separated by commas, or "" for none.
 */
void prom_number(FILE *file, const char *name, const char *labels,
		 const char *more, uint64_t value);

/* Writes one sample in seconds, from @ns nanoseconds. */
void prom_seconds(FILE *file, const char *name, const char *labels,
		  const char *more, uint64_t ns);

#endif
