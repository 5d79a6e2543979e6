/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A trace that is written here, from records made up here. */
#ifndef TEST_TRACE_RIG_H
#define TEST_TRACE_RIG_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/trace/format/trace_format.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

/* When records begin, so that a difference to 0 shows */
#define RIG_START (100 * NS_PER_S)

struct trace_rig {
	char dir[96];
	char path[PATH_MAX];
	struct trace_out out;
	struct trace_format *format;
};

/* @make is vcd_new() or another. */
static inline void
trace_rig_open(struct trace_rig *rig,
	       struct trace_format *(*make)(struct trace_out *, uint64_t),
	       uint64_t limit)
{
	char error[256];

	assert_int_equal(process_make_dir(rig->dir, sizeof(rig->dir)), 0);
	snprintf(rig->path, sizeof(rig->path), "%s/trace", rig->dir);
	assert_int_equal(
		trace_out_open(&rig->out, rig->path, error, sizeof(error)), 0);
	rig->format = make(&rig->out, limit);
	assert_non_null(rig->format);
}

/* The file is complete after that. */
static inline void trace_rig_finish(struct trace_rig *rig)
{
	rig->format->ops->close(rig->format);
	trace_out_close(&rig->out);
}

static inline void trace_rig_remove(struct trace_rig *rig)
{
	process_remove_dir(rig->dir);
}

/* Adds @record with @tx and @rx behind it, of ->piece.len bytes, or NULL. */
static inline void trace_rig_add(struct trace_rig *rig,
				 struct trace_record record, const void *tx,
				 const void *rx)
{
	uint32_t len = record.piece.len;
	struct trace_record *copy;
	uint8_t *at;

	record.piece.has_tx = tx;
	record.piece.has_rx = rx;
	record.bytes = (tx ? len : 0) + (rx ? len : 0);
	record.size = trace_record_size(record.bytes);
	copy = calloc(1, record.size);
	assert_non_null(copy);
	*copy = record;
	at = (uint8_t *)(copy + 1);
	if (tx)
		memcpy(at, tx, len);
	if (rx)
		memcpy(at + (tx ? len : 0), rx, len);
	rig->format->ops->add(rig->format, copy);
	free(copy);
}

static inline void trace_rig_add_chip(struct trace_rig *rig, uint16_t number,
				      const char *bus, unsigned int cs,
				      unsigned int lines)
{
	struct trace_chip chip = { .cs = cs, .lines = lines };
	struct trace_record record = { .kind = TRACE_CHIP, .chip = number };
	uint8_t bytes[sizeof(record) + sizeof(chip)];

	snprintf(chip.bus, sizeof(chip.bus), "%s", bus);
	record.size = trace_record_size(sizeof(chip));
	memcpy(bytes, &record, sizeof(record));
	memcpy(bytes + sizeof(record), &chip, sizeof(chip));
	rig->format->ops->add(rig->format, (const void *)bytes);
}

/* A message of one piece of @len bytes on chip 0: 8 bits, 1 MHz, 20 us. */
static inline struct trace_record trace_rig_piece(uint64_t begin, uint32_t len)
{
	return (struct trace_record){
		.kind = TRACE_PIECE,
		.begin = begin,
		.end = begin + 20000,
		.piece = {
			.len = len,
			.speed_hz = 1000000,
			.bits_per_word = 8,
			.first = true,
			.last = true,
		},
	};
}

static inline struct trace_record trace_rig_event(enum trace_kind kind,
						  uint64_t at)
{
	return (struct trace_record){ .kind = (uint16_t)kind,
				      .begin = at,
				      .end = at };
}

#endif
