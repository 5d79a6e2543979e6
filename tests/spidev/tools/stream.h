/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest's driver, as far as it shows: one request in flight at a time. */
#ifndef TESTS_SPIDEV_STREAM_H
#define TESTS_SPIDEV_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/xfer/spi_front.h"

/* How a driver cuts an operation on a flash chip into requests */
enum shape {
	SHAPE_JOINED, /* what is written, what is read; cs_change 0 on all */
	SHAPE_SPLIT,  /* opcode, address, data; cs_change 0 on all (spi-mem) */
	SHAPE_SPEC,   /* as SPLIT, cs_change 1 on the last (Zephyr) */
};

struct stream {
	struct spi_front front;
	struct virtio_spi_wire_head head; /* of the next request */
	enum shape shape;
	uint32_t base; /* where a stopped ring goes on */
};

/*
 * One request. Either buffer may be NULL. Returns the status byte, or a
 * negative errno.
 */
int stream_transfer(struct stream *s, const uint8_t *tx, uint8_t *rx,
		    uint32_t len);

/*
 * Operations on a NOR flash with 3 bytes of address; program and check use
 * bytes that depend on @seed. Return 0, the status byte that was not OK, or a
 * negative errno: -EBADMSG when what was read is wrong.
 */
int flash_erase(struct stream *s, uint32_t addr);
int flash_program(struct stream *s, uint32_t addr, uint32_t len, uint32_t seed);
int flash_check(struct stream *s, uint32_t addr, uint32_t len, uint32_t seed);

#endif
