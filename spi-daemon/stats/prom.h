/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Prometheus' text exposition format, version 0.0.4. An error of the stream is
 * for the caller to find, with ferror(3) or fclose(3).
 */
#ifndef PROM_H
#define PROM_H

#include <stdint.h>
#include <stdio.h>

/*
 * Begins a family of metrics: @type is "counter", "gauge", "histogram" or
 * "summary"; @help is one line without backslashes. Its samples follow.
 */
void prom_family(FILE *file, const char *name, const char *type,
		 const char *help);

/*
 * Makes NAME="value", to be freed, of any bytes: what is not printable ASCII
 * becomes \xNN, as in the log, for the format wants UTF-8. Returns NULL for
 * want of memory.
 */
char *prom_label(const char *name, const char *value);

/*
 * Writes one sample. @labels and @more are what prom_label() made, or several
 * of that with commas between; "" is none.
 */
void prom_number(FILE *file, const char *name, const char *labels,
		 const char *more, uint64_t value);

/* The same, for ns that come out as seconds. */
void prom_seconds(FILE *file, const char *name, const char *labels,
		  const char *more, uint64_t ns);

#endif
