/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A line for each transfer of each message, and for each edge of chip select:
 *
 *	2026-11-29T19:56:28.491113005Z sim_nor.cs0 select
 *	2026-11-29T19:56:28.491113005Z sim_nor.cs0 transfer 4 out=9f000000 ...
 *	2026-11-29T19:56:28.491132117Z sim_nor.cs0 release
 */
#include <stdio.h>
#include <string.h>

#include "spi-daemon/trace/format/line_format.h"

/* The begin of a line: at @at, monotonic ns, something was on @chip. */
static void print_place(struct trace_out *out, const struct line_chip *chip,
			uint64_t at)
{
	trace_out_date(out, at);
	trace_out_print(out, " %s.cs%u ", chip->chip.bus, chip->chip.cs);
}

static void print_edge(struct trace_out *out, struct line_chip *chip,
		       bool selected, uint64_t at)
{
	if (chip->selected == selected)
		return;
	chip->selected = selected;
	print_place(out, chip, at);
	trace_out_text(out, selected ? "select\n" : "release\n");
}

static void print_bytes(struct trace_out *out, const char *name,
			const uint8_t *bytes, uint32_t len)
{
	char hex[2 * TRACE_SHOWN + 1] = "";

	for (uint32_t i = 0; i < len && i < TRACE_SHOWN; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	trace_out_print(out, " %s=%s%s", name, hex,
			len > TRACE_SHOWN ? ".." : "");
}

static void print_piece(struct trace_out *out, struct line_chip *chip,
			const struct trace_record *record)
{
	const struct trace_piece *piece = &record->piece;
	const uint8_t *bytes = trace_record_bytes(record);

	print_edge(out, chip, true, record->begin);
	print_place(out, chip, record->begin);
	trace_out_print(out, "transfer %u", piece->len);
	if (!record->error && piece->has_tx) {
		print_bytes(out, "out", bytes, piece->len);
		bytes += piece->len;
	}
	if (!record->error && piece->has_rx)
		print_bytes(out, "in", bytes, piece->len);
	trace_out_print(out, " hz=%u mode=%u bits=%u", piece->speed_hz,
			piece->mode, piece->bits_per_word);
	if (record->error)
		trace_out_print(out, " error=%s", strerror(record->error));
	trace_out_text(out, "\n");
	if (record->error || (piece->last && !piece->keep))
		print_edge(out, chip, false, record->end);
}

static void print(struct trace_out *out, struct line_chip *chip,
		  const struct trace_record *record)
{
	if (record->kind == TRACE_PIECE)
		print_piece(out, chip, record);
	else /* TRACE_RELEASE */
		print_edge(out, chip, false, record->begin);
}

static void print_lost(struct trace_out *out, unsigned long long count)
{
	trace_out_print(out, "lost %llu\n", count);
}

struct trace_format *text_new(struct trace_out *out, uint64_t limit)
{
	static const struct line_format_ops ops = { print, print_lost };

	return line_format_new(&ops, out, limit);
}
