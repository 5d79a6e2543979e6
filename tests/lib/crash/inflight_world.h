/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Everything that survives when a device is killed: a ring, its inflight
 * region, the driver with its requests, and which requests the chip has run. It
 * is one struct without pointers, so it can be copied. An error fails the
 * running cmocka test.
 */
#ifndef TEST_INFLIGHT_WORLD_H
#define TEST_INFLIGHT_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/ring/virtio_wire.h"

#define WORLD_REQUESTS 9  /* that the driver sends, in order */
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

	/* State of the front end and of the driver */
	bool packed;
	uint16_t size;
	uint32_t base;	      /* for SET_VRING_BASE */
	unsigned int offered; /* requests, numbered from 0 on */
	unsigned int taken;
	uint16_t offer_at, take_at; /* places in a packed ring, */
	bool offer_wrap, take_wrap; /* and their wrap counters */

	/* State of the chip, and the outcome of each request */
	bool replay;
	uint8_t runs[WORLD_REQUESTS];
	uint8_t status[WORLD_REQUESTS];
	uint32_t note; /* ->note of the last request's push */
};

/* Sets up a ring whose indexes begin at @at, close to where they wrap. */
void world_init(struct world *w, bool packed, uint16_t size, uint16_t at);

/* The driver takes used buffers, and offers as many new ones as fit. */
void world_drive(struct world *w);

/*
 * Runs a device until the ring is empty. It starts from what the inflight
 * region says. @world is a struct world; crash_run() can call this.
 */
void world_serve(void *world);

/* Runs driver and device in turn until all requests are done. */
void world_finish(struct world *w);

/*
 * Checks that all requests are done, that none was run twice, and that at most
 * @unknown have an unknown outcome. With ->replay, checks that all were run,
 * and that none has an unknown outcome.
 */
void world_check(const struct world *w, unsigned int unknown);

#endif
