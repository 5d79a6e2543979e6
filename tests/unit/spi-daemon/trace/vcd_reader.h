/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Reads a value change dump, change by change. */
#ifndef TEST_VCD_READER_H
#define TEST_VCD_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

#define VCD_SIGNALS 64

struct vcd_reader {
	FILE *file;
	uint64_t time;
	unsigned int count;
	char names[VCD_SIGNALS][80]; /* bus.signal */
	char ids[VCD_SIGNALS][8];
	char values[VCD_SIGNALS];
	unsigned long long lost; /* the sum of "$comment lost N" */
	bool has_values;	 /* $dumpvars was there */
};

static inline int vcd_reader_find(const struct vcd_reader *r, const char *name)
{
	for (unsigned int i = 0; i < r->count; i++)
		if (!strcmp(r->names[i], name))
			return (int)i;
	return -1;
}

/* The value of @name, which there is. */
static inline char vcd_reader_value(const struct vcd_reader *r,
				    const char *name)
{
	int index = vcd_reader_find(r, name);

	assert_true(index >= 0);
	return r->values[index];
}

static inline void vcd_reader_open(struct vcd_reader *r, const char *path)
{
	char line[200], scope[64] = "", id[8], name[16];

	memset(r, 0, sizeof(*r));
	r->file = fopen(path, "re");
	assert_non_null(r->file);
	while (fgets(line, sizeof(line), r->file) &&
	       strcmp(line, "$enddefinitions $end\n") != 0) {
		sscanf(line, "$scope module %63s $end", scope);
		if (sscanf(line, "$var wire 1 %7s %15s $end", id, name) != 2)
			continue;
		assert_true(r->count < VCD_SIGNALS);
		snprintf(r->names[r->count], sizeof(r->names[0]), "%s.%s",
			 scope, name);
		strcpy(r->ids[r->count++], id);
	}
	assert_false(feof(r->file));
}

static inline void vcd_reader_close(struct vcd_reader *r)
{
	fclose(r->file);
}

static inline int vcd_reader_change(struct vcd_reader *r, const char *line)
{
	char id[8];
	unsigned int i = 0;

	assert_non_null(strchr("01xz", line[0]));
	assert_int_equal(sscanf(line + 1, "%7s", id), 1);
	while (i < r->count && strcmp(r->ids[i], id) != 0)
		i++;
	assert_true(i < r->count);
	r->values[i] = line[0];
	return (int)i;
}

/* Returns the signal that changed, or -1 at the end. Time does not go back. */
static inline int vcd_reader_next(struct vcd_reader *r)
{
	unsigned long long number;
	char line[200];

	while (fgets(line, sizeof(line), r->file)) {
		if (sscanf(line, "#%llu", &number) == 1) {
			assert_true(number >= r->time);
			r->time = number;
		} else if (sscanf(line, "$comment lost %llu", &number) == 1) {
			r->lost += number;
		} else if (!strcmp(line, "$dumpvars\n")) {
			r->has_values = true;
		} else if (line[0] != '$') {
			return vcd_reader_change(r, line);
		}
	}
	return -1;
}

#endif
