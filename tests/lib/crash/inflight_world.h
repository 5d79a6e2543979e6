/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * All that outlives a device that is killed: a ring, its inflight region, the
 * driver with its requests, and what the chip saw of them. It is one flat
 * piece of memory that can be copied. What goes wrong fails the cmocka test.
 */
#ifndef TEST_INFLIGHT_WORLD_H
#define TEST_INFLIGHT_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/virtio_wire.h"

#define WORLD_REQUESTS 9  /* of the driver, one after the other */
#define WORLD_SPLIT    8  /* entries of a split ring */
#define WORLD_PACKED   7  /* and at most of a packed one */
#define WORLD_DESC_NUM 16 /* entries of the region */

enum world_status {
	WORLD_NONE,
	WORLD_OK,
	WORLD_UNKNOWN,
};

struct world {
	uint64_t region[128];
	struct virtq_packed_desc desc[WORLD_SPLIT]; /* or struct virtq_desc */
	uint16_t driver_area[16];
	uint32_t device_area[24];

	/* The front end's and the driver's. */
	bool packed;
	uint16_t size;
	uint32_t base;	      /* for SET_VRING_BASE */
	unsigned int offered; /* requests, numbered from 0 on */
	unsigned int taken;
	uint16_t offer_at, take_at; /* places in a packed ring, */
	bool offer_wrap, take_wrap; /* and their wrap counters */

	/* The chip's, and what became of each request. */
	bool replay;
	uint8_t runs[WORLD_REQUESTS];
	uint8_t status[WORLD_REQUESTS];
	uint32_t note; /* that of the last request */
};

/* A ring that begins at @at, nearly round. */
void world_init(struct world *w, bool packed, uint16_t size, uint16_t at);

/* The driver takes what was used, and offers as much as there is room for. */
void world_drive(struct world *w);

/*
 * A device's life: goes on from what the region says, and serves all there is.
 * It is one that can be killed: void * for crash_run().
 */
void world_serve(void *world);

/* Driver and device go on until all requests are done. */
void world_finish(struct world *w);

/*
 * All requests are done; not one was run twice; at most @unknown have an
 * unknown outcome. Or, with ->replay, all were run and none is unknown.
 */
void world_check(const struct world *w, unsigned int unknown);

#endif
