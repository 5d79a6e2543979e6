/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The operations that differ between split and packed rings. For front_ring*.c.
 */
#ifndef FRONT_RING_LAYOUT_H
#define FRONT_RING_LAYOUT_H

#include "vhost/front/ring/front_ring.h"

/* Bytes of the three areas */
struct front_ring_bytes {
	uint32_t desc, avail, used;
};

struct front_ring_layout {
	struct front_ring_bytes (*bytes)(uint16_t size);
	uint32_t desc_bytes; /* of one descriptor, also in an indirect table */

	/* Starts the ring in three zeroed areas at @base. */
	void (*init)(struct front_ring *ring, void *desc, void *avail,
		     void *used, uint32_t base);

	/* Writes an indirect table of @count segments. */
	void (*fill_table)(void *table, const struct front_segment *segs,
			   unsigned int count);

	/* Writes the descriptors of @chain. Returns its head (packed: id). */
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

	/* The place @count used elements (packed: entries) after @place. */
	uint16_t (*place_after)(const struct front_ring *ring, uint16_t place,
				uint32_t count);

	/* Reads the next used element, which exists, and skips it. */
	void (*take)(struct front_ring *ring, struct virtq_used_elem *elem);

	/* Frees the descriptors of the chain at @head. */
	void (*free)(struct front_ring *ring, uint16_t head);
};

extern const struct front_ring_layout front_ring_split;
extern const struct front_ring_layout front_ring_packed;

/*
 * Stores the contents of descriptor @i of @chain in @entry. Returns its flags:
 * NEXT, WRITE and INDIRECT.
 */
uint16_t front_ring_entry(const struct front_segment *segs,
			  const struct front_chain *chain, unsigned int i,
			  struct front_segment *entry);

#endif
