/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The driver's half of a virtqueue in the memory of a QEMU without a guest,
 * split or packed (virtio 1.4, sections 2.7 and 2.8).
 *
 * A buffer has up to DRIVER_RING_CHAIN descriptors. In a split ring each
 * buffer owns that many, or one when tables are used; in a packed ring they
 * follow one another, so that chains end anywhere. Buffers have to be used in
 * the order in which they were added, as this driver reuses their descriptors
 * in that order.
 */
#ifndef TESTS_QTEST_DRIVER_RING_H
#define TESTS_QTEST_DRIVER_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/qtest/virtio_pci.h"

#define DRIVER_RING_CHAIN 4
#define DRIVER_RING_MAX	  256
#define DRIVER_RING_BYTES 0x10000 /* that it takes of guest memory */

struct driver_ring {
	struct qtest *qt;
	struct virtio_pci_queue queue;
	bool packed;	/* VIRTIO_F_RING_PACKED negotiated */
	bool event_idx; /* VIRTIO_F_EVENT_IDX negotiated */
	bool indirect;	/* one table for each buffer */
	uint64_t tables;
	uint64_t shift; /* the device finds memory at addresses + this */

	uint16_t added; /* buffers, ever */
	uint16_t taken;

	/* Packed only: the next place, and which time round */
	uint16_t avail, used;
	bool avail_wrap, used_wrap;
	uint8_t counts[DRIVER_RING_MAX]; /* descriptors of buffer id */
};

struct driver_segment {
	uint64_t addr;
	uint32_t len; /* bytes */
	bool write;   /* for the device to write */
};

/*
 * An empty ring of @size descriptors at @base. @features are the negotiated
 * ones; with VIRTIO_F_INDIRECT_DESC among them, every buffer has a table.
 */
void driver_ring_init(struct driver_ring *ring, struct qtest *qt, uint64_t base,
		      uint16_t size, uint64_t features);

/* How many buffers fit. */
uint16_t driver_ring_room(const struct driver_ring *ring);

/* The id of the buffer that is added next. */
uint16_t driver_ring_next_id(const struct driver_ring *ring);

/*
 * Adds one buffer, which the device sees at once. Does not notify it.
 * Returns its id.
 */
uint16_t driver_ring_add(struct driver_ring *ring,
			 const struct driver_segment *segments, uint8_t count);

/* Asks for an interrupt when the next buffer is used. */
void driver_ring_want_interrupt(struct driver_ring *ring);

/* Takes the next used buffer. Returns false when there is none. */
bool driver_ring_take(struct driver_ring *ring, uint16_t *id, uint32_t *len);

#endif
