/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The lines of one SPI bus over time: turns records into edges.
 *
 * The time of a message's begin and end is what was measured. Between the two,
 * bits follow each other at the speed of their piece, from half a bit after the
 * chip is selected. If they take longer than was measured, as those of a
 * simulated chip do, what comes next is late: no edge is before an earlier one.
 */
#ifndef WAVE_H
#define WAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/trace/format/trace_record.h"
#include "spi-daemon/trace/format/vcd_text.h"

/* Data lines: MOSI (IO0), MISO (IO1), IO2 to IO7 */
#define WAVE_LINES 8

/* The clock, Hz, of a piece that has none: a simulated chip's. */
#define WAVE_SPEED_DEFAULT 10000000u

/* And the fastest: edges are 1 ns apart at least. */
#define WAVE_SPEED_MAX 500000000u

/* One record that waits for its time; its bytes follow. */
struct wave_record {
	struct wave_record *next;
	struct trace_record record;
};

enum wave_phase {
	WAVE_IDLE,    /* between two records */
	WAVE_SELECT,  /* the chip is to be selected */
	WAVE_BIT,     /* a bit begins */
	WAVE_MIDDLE,  /* the clock is in the middle of a bit */
	WAVE_WORD,    /* a word has ended */
	WAVE_RELEASE, /* the chip is to be released */
	WAVE_RESUME,  /* what was lost ends */
};

struct wave {
	struct vcd_signal clk;
	struct vcd_signal lines[WAVE_LINES];
	unsigned int line_count;
	struct vcd_signal *cs; /* of each chip on the bus */
	unsigned int cs_count;

	struct wave_record *first; /* the one in hand, and those behind it */
	struct wave_record **last;
	uint64_t waiting; /* bytes of these */

	enum wave_phase phase;
	uint64_t due;	  /* monotonic ns: when the next step is; see phase */
	uint64_t free_at; /* monotonic ns: no record before */
	int selected;	  /* index of the chip; -1: none */
	/* Of the piece in hand: */
	uint64_t start; /* monotonic ns: its first bit's */
	uint32_t speed_hz;
	uint32_t cycle;	      /* clock cycles so far */
	uint32_t word_cycles; /* of each word */
	uint32_t word;	      /* words so far */
	uint32_t words;	      /* in all */
};

/* All zero but for the names of the signals: nothing has happened yet. */
void wave_init(struct wave *wave);

/* Drops what waits. The signals stay the caller's. */
void wave_fini(struct wave *wave);

/*
 * Adds @record, with its bytes; @cs is the index of its chip, or -1 for what
 * was lost. Returns false without memory: then it is lost.
 */
bool wave_add(struct wave *wave, const struct trace_record *record, int cs);

/* When the next edges are, monotonic ns; CLOCK_NEVER: nothing waits. */
uint64_t wave_next(const struct wave *wave);

/* Writes those edges. There are some. */
void wave_step(struct wave *wave, struct vcd_text *text);

#endif
