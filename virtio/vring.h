/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device's half of a split virtqueue (virtio 1.4, section 2.7).
 *
 * One thread uses a vring. The driver's half is written by a guest that may
 * be hostile: a call that finds the ring broken returns -EPROTO and leaves
 * one reason in ->error; the ring is then of no use until vring_start().
 */
#ifndef VRING_H
#define VRING_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/chain.h"
#include "virtio/guest_mem.h"
#include "virtio/virtio_wire.h"

/* Where the three areas are in the host's address space. */
struct vring_areas {
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
};

struct vring {
	const struct guest_mem *mem;
	struct vring_areas areas;
	uint16_t size;	      /* entries, a power of two */
	uint16_t last_avail;  /* next entry of the avail ring to take */
	uint16_t used_idx;    /* next entry of the used ring to fill */
	uint16_t signalled;   /* used_idx when the driver was last called */
	bool signalled_valid; /* false: call, whatever used_event says */
	bool indirect;	      /* VIRTIO_F_INDIRECT_DESC is negotiated */
	bool event_idx;	      /* VIRTIO_F_EVENT_IDX is negotiated */
	const char *error;    /* why the ring is broken, a constant string */
};

/* Bytes that each area takes for @size entries, event fields included. */
uint64_t vring_desc_bytes(uint16_t size);
uint64_t vring_avail_bytes(uint16_t size);
uint64_t vring_used_bytes(uint16_t size);

/* Are the areas aligned as 2.7 asks? */
bool vring_is_aligned(const struct vring_areas *areas);

/*
 * Begins at avail index @base with the areas, size, features and memory that
 * the caller has set. The used index is the one in the used ring.
 */
void vring_start(struct vring *vring, uint16_t base);

/*
 * Takes the next available chain. Returns 1 with the chain in @chain, 0 when
 * there is none, -EPROTO when the ring is broken. Every chain that was taken
 * is given back by one vring_push() or vring_unpop().
 */
int vring_pop(struct vring *vring, struct chain *chain);

/* Gives the chain popped last back unused: the next vring_pop() takes it. */
void vring_unpop(struct vring *vring);

/*
 * Returns the chain that began at @head as used, with @len bytes written
 * from its first writable byte on (2.7.8).
 */
void vring_push(struct vring *vring, uint16_t head, uint32_t len);

/*
 * Must the driver be called for what was pushed since the last time that
 * the answer was yes? (2.7.7)
 */
bool vring_should_call(struct vring *vring);

/*
 * Asks the driver for kicks, or not to trouble (2.7.10). Enabling returns
 * true when chains came in meanwhile, for which no kick may come.
 */
bool vring_enable_kick(struct vring *vring);
void vring_disable_kick(struct vring *vring);

/*
 * How many chains the driver has made available that were not popped.
 * Nonsense, but harmless, when the driver's index is.
 */
uint16_t vring_pending(const struct vring *vring);

#endif
