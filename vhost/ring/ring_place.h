/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Where a ring's three areas are: the front end's addresses to our pointers. */
#ifndef VHOST_RING_PLACE_H
#define VHOST_RING_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/ring/ring.h"

/* vhost_ring_locate()'s reason when @mem has no region at all */
extern const char vhost_no_memory[];

/*
 * Finds in @mem the areas of a ring of the size and at the addresses that the
 * front end gave. Returns 0; -EAGAIN when a translation is missing, which is
 * @mem->iotlb->miss; or -EINVAL, and in @why what is wrong with them.
 */
int vhost_ring_locate(const struct vhost_ring *ring,
		      const struct vring_features *features,
		      const struct guest_mem *mem, struct vring_areas *areas,
		      const char **why);

/* What SET_VRING_ADDR says of logging, for @vring. */
void vhost_ring_set_log(struct vring *vring,
			const struct vhost_wire_vring_addr *addr);

/*
 * Returns true if a part of the ring, UNMAPPED or RUNNING, is in the @size
 * bytes, as of iotlb_invalidate(), at the driver's address @addr.
 */
bool vhost_ring_overlaps(const struct vhost_ring *ring, uint64_t addr,
			 uint64_t size);

/* Returns true if a part of the ring, RUNNING, is in the @size bytes at @host.
 */
bool vhost_ring_is_in(const struct vhost_ring *ring, const uint8_t *host,
		      uint64_t size);

#endif
