/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>

#include "spi-daemon/trace/format/line_format.h"

/* Bytes of the longest text as JSON: each can be \u00xx */
#define QUOTED_MAX (6 * TRACE_GUEST_NAME + 1)

/* The text of a JSON string that has @text, which is no longer than a name. */
static void quote(const char *text, char *quoted)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			*quoted++ = '\\';
			*quoted++ = (char)c;
		} else if (c < ' ' || c >= 0x7f) {
			quoted += sprintf(quoted, "\\u%04x", c);
		} else {
			*quoted++ = (char)c;
		}
	}
	*quoted = '\0';
}

static void print_bytes(struct trace_out *out, const char *name,
			const uint8_t *bytes, unsigned int count)
{
	char hex[2 * TRACE_SHOWN + 1] = "";

	for (unsigned int i = 0; i < count; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	trace_out_print(out, ",\"%s\":\"%s\"", name, hex);
}

static void print_request(struct trace_out *out, struct line_chip *chip,
			  const struct trace_record *record)
{
	const struct trace_request *r =
		(const void *)trace_record_bytes(record);
	char guest[QUOTED_MAX];

	quote(r->guest, guest);
	trace_out_text(out, "{\"time\":\"");
	trace_out_date(out, record->begin);
	trace_out_print(out, "\",\"took_ns\":%llu,\"guest\":\"%s\"",
			(unsigned long long)(record->end - record->begin),
			guest);
	trace_out_print(out, ",\"bus\":\"%s\",\"cs\":%u,\"status\":\"%s\"",
			chip->chip.bus, chip->chip.cs, r->status);
	trace_out_print(out,
			",\"framing\":\"%s\",\"message\":\"%s\","
			"\"after\":\"%s\",\"why\":\"%s\"",
			r->framing, r->message, r->after, r->why);
	trace_out_print(out,
			",\"cs_change\":%u,\"hz\":%u,\"mode\":%u,\"bits\":%u,"
			"\"tx_nbits\":%u,\"rx_nbits\":%u,\"tx_len\":%llu,"
			"\"rx_len\":%llu",
			r->cs_change, r->speed_hz, r->mode, r->bits_per_word,
			r->tx_nbits, r->rx_nbits, (unsigned long long)r->tx_len,
			(unsigned long long)r->rx_len);
	print_bytes(out, "tx", r->tx, r->tx_shown);
	print_bytes(out, "rx", r->rx, r->rx_shown);
	trace_out_text(out, "}\n");
}

static void print_lost(struct trace_out *out, unsigned long long count)
{
	trace_out_print(out, "{\"lost\":%llu}\n", count);
}

struct trace_format *jsonl_new(struct trace_out *out, uint64_t limit)
{
	static const struct line_format_ops ops = { print_request, print_lost };

	return line_format_new(&ops, out, limit);
}
