/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a trace is told, one record for each event. Records lie one behind the
 * other in memory, each aligned to 8 bytes, with bytes of its own behind it.
 */
#ifndef TRACE_RECORD_H
#define TRACE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/spi_device.h"

/* Bytes of the name of a bus, with the NUL */
#define TRACE_BUS_NAME 64

enum trace_kind {
	TRACE_CHIP,    /* ->chip is a new number; a struct trace_chip follows */
	TRACE_PIECE,   /* bytes went over the wire; they follow: tx, then rx */
	TRACE_RELEASE, /* the chip was released */
	TRACE_LOST,    /* ->lost events were not recorded, of any chip */
	TRACE_REQUEST, /* a guest's; a struct trace_request follows */
};

/* A chip, where it is. */
struct trace_chip {
	char bus[TRACE_BUS_NAME]; /* letters, digits and _ */
	unsigned int cs;	  /* its number on the bus */
	unsigned int lines;	  /* data lines: 2, 4 or 8 */
};

/* As in struct spi_piece */
struct trace_piece {
	uint32_t len;
	uint32_t speed_hz;
	uint32_t mode;
	uint32_t word_delay_ns;
	uint32_t setup_ns;
	uint32_t hold_ns;
	uint8_t bits_per_word;
	uint8_t tx_nbits;
	uint8_t rx_nbits;
	bool has_tx;
	bool has_rx;
	bool first; /* of the linked pieces: it begins at ->begin */
	bool last;  /* it has ended by ->end */
	bool keep;  /* the chip stays selected after it */
};

/* Bytes of a request that are shown, of those that it sends and receives */
#define TRACE_SHOWN	 64
#define TRACE_GUEST_NAME 64

/*
 * A request of a guest, from when it was taken to when it was answered. The
 * texts are constants of the program.
 */
struct trace_request {
	char guest[TRACE_GUEST_NAME];
	const char *framing; /* cs= */
	const char *message; /* its place in a message of the guest */
	const char *after;   /* what becomes of that, or of the chip */
	const char *why;
	const char *status;
	uint32_t speed_hz;
	uint32_t mode;
	uint64_t tx_len; /* bytes */
	uint64_t rx_len;
	uint8_t bits_per_word;
	uint8_t tx_nbits;
	uint8_t rx_nbits;
	uint8_t cs_change;
	uint8_t tx_shown; /* the first bytes that went over the wire */
	uint8_t rx_shown;
	uint8_t tx[TRACE_SHOWN];
	uint8_t rx[TRACE_SHOWN];
};

struct trace_record {
	uint32_t size;	/* bytes, with what follows; a multiple of 8 */
	uint16_t kind;	/* enum trace_kind */
	uint16_t chip;	/* number */
	uint64_t begin; /* monotonic ns */
	uint64_t end;
	union {
		struct trace_piece piece; /* TRACE_PIECE; failed: no bytes */
		uint64_t lost;		  /* TRACE_LOST: how many */
	};
	int32_t error;	/* TRACE_PIECE: 0, or why it failed, an errno */
	uint32_t bytes; /* that follow the record */
};

static inline const uint8_t *trace_record_bytes(const struct trace_record *r)
{
	return (const uint8_t *)(r + 1);
}

/* The size of a record that @bytes bytes follow. */
static inline uint32_t trace_record_size(uint32_t bytes)
{
	return (uint32_t)((sizeof(struct trace_record) + bytes + 7) / 8 * 8);
}

#endif
