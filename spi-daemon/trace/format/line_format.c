/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/trace/format/line_format.h"

struct line_format {
	struct trace_format format;
	const struct line_format_ops *ops;
	struct line_chip *chips; /* by number; one without a bus is unknown */
	unsigned int chip_count;
};

static struct line_format *to_lines(struct trace_format *format)
{
	return (struct line_format *)(void *)format;
}

/* Without memory, the chip stays unknown. */
static void add_chip(struct line_format *lines,
		     const struct trace_record *record)
{
	unsigned int number = record->chip;
	struct line_chip *chips;

	if (number >= lines->chip_count) {
		chips = reallocarray(lines->chips, number + 1, sizeof(*chips));
		if (!chips)
			return;
		memset(chips + lines->chip_count, 0,
		       (number + 1 - lines->chip_count) * sizeof(*chips));
		lines->chips = chips;
		lines->chip_count = number + 1;
	}
	memcpy(&lines->chips[number].chip, trace_record_bytes(record),
	       sizeof(lines->chips[number].chip));
}

/* Returns the chip that @record is of; NULL: it is unknown. */
static struct line_chip *find_chip(const struct line_format *lines,
				   const struct trace_record *record)
{
	struct line_chip *chip = NULL;

	if (record->chip < lines->chip_count)
		chip = &lines->chips[record->chip];
	return chip && *chip->chip.bus ? chip : NULL;
}

/* Nobody knows what is selected; but most of the time nothing is. */
static void print_lost(struct line_format *lines, uint64_t count)
{
	for (unsigned int i = 0; i < lines->chip_count; i++)
		lines->chips[i].selected = false;
	lines->ops->lost(lines->format.out, count);
}

static void add(struct trace_format *format, const struct trace_record *record)
{
	struct line_format *lines = to_lines(format);
	const bool is_loss = record->kind == TRACE_LOST;
	struct line_chip *chip;

	if (record->kind == TRACE_CHIP) {
		add_chip(lines, record);
		return;
	}
	if (format->limit && format->out->size >= format->limit)
		trace_out_rotate(format->out);
	chip = find_chip(lines, record);
	if (chip && !is_loss)
		lines->ops->print(format->out, chip, record);
	else
		print_lost(lines, is_loss ? record->lost : 1);
	trace_out_count(format->out, is_loss ? record->lost : 1);
}

/* All that was added is written. */
static bool write_nothing(struct trace_format *format, uint64_t until)
{
	(void)format;
	(void)until;
	return false;
}

static void close_lines(struct trace_format *format)
{
	free(to_lines(format)->chips);
	free(format);
}

static const struct trace_format_ops line_ops = {
	.add = add,
	.write = write_nothing,
	.close = close_lines,
};

struct trace_format *line_format_new(const struct line_format_ops *ops,
				     struct trace_out *out, uint64_t limit)
{
	struct line_format *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->format = (struct trace_format){ &line_ops, out, limit };
	lines->ops = ops;
	return &lines->format;
}
