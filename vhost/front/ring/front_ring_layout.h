/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What split and packed rings do differently. For front_ring*.c only. */
#ifndef FRONT_RING_LAYOUT_H
#define FRONT_RING_LAYOUT_H

#include "vhost/front/ring/front_ring.h"

/* Bytes of the three areas */
struct front_ring_bytes {
	uint32_t desc, avail, used;
};

struct front_ring_layout {
	struct front_ring_bytes (*bytes)(uint16_t size);
	uint32_t desc_bytes; /* of one descriptor, in an indirect table too */

	/* Adopts three zeroed areas; everything begins at @base. */
	void (*init)(struct front_ring *ring, void *desc, void *avail,
		     void *used, uint32_t base);

	/* Writes an indirect table of @count segments. */
	void (*fill_table)(void *table, const struct front_segment *segs,
			   unsigned int count);

	/* Writes the descriptors of @chain. Returns its head or id. */
	uint16_t (*add)(struct front_ring *ring,
			const struct front_segment *segs,
			const struct front_chain *chain);

	void (*publish)(struct front_ring *ring);
	bool (*wants_kick)(const struct front_ring *ring);
	void (*want_call)(struct front_ring *ring, uint16_t place);
	void (*want_no_call)(struct front_ring *ring);
	uint16_t (*used_idx)(const struct front_ring *ring);

	/* Returns true if there is a used element to take. */
	bool (*has_used)(const struct front_ring *ring);

	/* Reads the next used element, which is there, and goes past it. */
	void (*take)(struct front_ring *ring, struct virtq_used_elem *elem);

	/* The descriptors of the chain at @head are free. */
	void (*free)(struct front_ring *ring, uint16_t head);
};

extern const struct front_ring_layout front_ring_split;
extern const struct front_ring_layout front_ring_packed;

/*
 * What stands in descriptor @i of @chain: fills @entry, and returns its flags,
 * NEXT, WRITE and INDIRECT.
 */
uint16_t front_ring_entry(const struct front_segment *segs,
			  const struct front_chain *chain, unsigned int i,
			  struct front_segment *entry);

#endif
