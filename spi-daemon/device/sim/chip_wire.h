/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What the daemon and a program that is a chip send each other, version 1:
 * see docs/chip-protocol.md. Both are on one machine, so all numbers are in its
 * byte order.
 */
#ifndef CHIP_WIRE_H
#define CHIP_WIRE_H

#include <assert.h>
#include <stdint.h>

#define CHIP_WIRE_MAGIC	  "SPIC"
#define CHIP_WIRE_VERSION 1

enum chip_message {
	CHIP_HELLO = 1, /* to the program, and its answer */
	CHIP_SELECT,	/* to the program, no answer */
	CHIP_TRANSFER,	/* to the program */
	CHIP_RESULT,	/* the answer to a transfer */
	CHIP_DESELECT,	/* to the program, no answer */
};

/* Each message begins with this. */
struct chip_header {
	uint32_t size; /* of the message with this header, bytes */
	uint8_t type;  /* enum chip_message */
	uint8_t zero[3];
};

struct chip_hello {
	struct chip_header header;
	uint8_t magic[4];
	uint16_t version; /* the newest; in the answer, the one in use */
	uint16_t zero;
	uint32_t max_len; /* bytes of the longest transfer; 0 in the answer */
};

#define CHIP_SENDS    (1u << 0) /* the bytes out follow */
#define CHIP_RECEIVES (1u << 1) /* the result has the bytes in */

struct chip_transfer {
	struct chip_header header;
	uint32_t speed_hz; /* 0: the chip's own */
	uint32_t mode;	   /* VIRTIO_SPI_MODE_..., as SPI_... of Linux */
	uint8_t bits_per_word;
	uint8_t tx_nbits; /* lines: 1, 2, 4 or 8 */
	uint8_t rx_nbits;
	uint8_t flags;
	uint32_t len; /* bytes out, bytes in, or both */
};

struct chip_result {
	struct chip_header header;
	uint32_t error; /* 0: done. Else the transfer failed, without bytes */
};

static_assert(sizeof(struct chip_header) == 8, "wire format");
static_assert(sizeof(struct chip_hello) == 20, "wire format");
static_assert(sizeof(struct chip_transfer) == 24, "wire format");
static_assert(sizeof(struct chip_result) == 12, "wire format");

#endif
