/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "spi-daemon/trace/format/vcd_text.h"

/* The characters of an identifier: ! to ~ */
#define ID_FIRST '!'
#define ID_COUNT 94u

/* Bytes of the longest line: a sign, 20 digits or an identifier, a newline */
#define LINE_MAX_SIZE 24

void vcd_text_name(struct vcd_signal *signal, unsigned int index)
{
	char *at = signal->id;

	do {
		*at++ = (char)(ID_FIRST + index % ID_COUNT);
		index /= ID_COUNT;
	} while (index);
	*at = '\0';
}

void vcd_text_at(struct vcd_text *text, uint64_t at)
{
	if (at <= text->now)
		return;
	text->now = at;
	text->stamped = false;
}

void vcd_text_stamp(struct vcd_text *text)
{
	char *line, digits[20];
	uint64_t time = text->now - text->base;
	size_t count = 0, len = 0;

	if (text->stamped)
		return;
	text->stamped = true;
	line = trace_out_room(text->out, LINE_MAX_SIZE);
	do {
		digits[count++] = (char)('0' + time % 10);
		time /= 10;
	} while (time);
	line[len++] = '#';
	while (count)
		line[len++] = digits[--count];
	line[len++] = '\n';
	trace_out_took(text->out, len);
}

void vcd_text_value(struct vcd_text *text, const struct vcd_signal *signal)
{
	char *line = trace_out_room(text->out, LINE_MAX_SIZE);
	size_t len = strlen(signal->id);

	line[0] = signal->value;
	memcpy(line + 1, signal->id, len);
	line[len + 1] = '\n';
	trace_out_took(text->out, len + 2);
}

void vcd_text_set(struct vcd_text *text, struct vcd_signal *signal, char value)
{
	if (signal->value == value)
		return;
	signal->value = value;
	vcd_text_stamp(text);
	vcd_text_value(text, signal);
}
