/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the kernel's tracepoints say of one SPI device. */
#ifndef TESTS_SPIDEV_TRACE_H
#define TESTS_SPIDEV_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_kind {
	TRACE_SELECT, /* spi_set_cs: the edge of it, not a repetition */
	TRACE_RELEASE,
	TRACE_START,   /* spi_transfer_start */
	TRACE_STOP,    /* spi_transfer_stop */
	TRACE_SETUP,   /* spi_setup: a mode was set */
	TRACE_MESSAGE, /* spi_message_start */
	TRACE_IOCTL,   /* of spidev, by whomever */
};

struct trace_event {
	enum trace_kind kind;
	int64_t us; /* monotonic */
	bool tx, rx;
	uint32_t len;	/* of START, STOP; of the first transfer for IOCTL */
	uint32_t mode;	/* SETUP: 0..3 */
	bool lsb_first; /* SETUP */
	uint32_t cmd;	/* IOCTL */
	uint32_t speed; /* IOCTL, of the first transfer */
	uint32_t bits;
};

#define TRACE_MAX 8192

struct trace {
	unsigned int count;
	bool selected; /* when it ends */
	struct trace_event events[TRACE_MAX];
};

/* Reads the lines of lab.sh about @device ("spi0.0"). */
void trace_parse(struct trace *trace, const char *text, const char *device);

/*
 * The wire, as a string: "+" chip selected, "-" released, "t3", "r3", "d3" 3
 * bytes sent, received, both; "n" a transfer of nothing; "m1" mode 1 set,
 * "m1l" with the least significant bit first.
 */
void trace_wire(const struct trace *trace, char *wire, size_t size);

unsigned int trace_count(const struct trace *trace, enum trace_kind kind);

/* The @index-th event of a kind, or NULL. */
const struct trace_event *trace_find(const struct trace *trace,
				     enum trace_kind kind, unsigned int index);

#endif
