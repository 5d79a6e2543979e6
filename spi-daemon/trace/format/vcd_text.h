/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The lines of a value change dump: times, and what a signal changes to. */
#ifndef VCD_TEXT_H
#define VCD_TEXT_H

#include <stdint.h>

#include "spi-daemon/trace/format/trace_out.h"

/* One line, with an identifier that is the file's own */
struct vcd_signal {
	char id[5];
	char value; /* '0', '1', 'x' or 'z' */
};

struct vcd_text {
	struct trace_out *out;
	uint64_t base; /* monotonic ns: time 0 of the file */
	uint64_t now;  /* monotonic ns: no change is earlier */
	bool stamped;  /* ->now is in the file */
};

/* The signal number @index: its identifier. */
void vcd_text_name(struct vcd_signal *signal, unsigned int index);

/* From now on changes happen at @at, or at ->now if that is later. */
void vcd_text_at(struct vcd_text *text, uint64_t at);

/* Writes the time ->now, unless it is there. */
void vcd_text_stamp(struct vcd_text *text);

/* @signal is @value from now on. Writes nothing if it is so already. */
void vcd_text_set(struct vcd_text *text, struct vcd_signal *signal, char value);

/* Writes the value that @signal has. */
void vcd_text_value(struct vcd_text *text, const struct vcd_signal *signal);

#endif
