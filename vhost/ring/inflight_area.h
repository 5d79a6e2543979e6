/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The inflight region, memory that the front end keeps for the back end: which
 * part of it is which ring's. (vhost-user: SET_INFLIGHT_FD, GET_INFLIGHT_FD)
 */
#ifndef VHOST_INFLIGHT_AREA_H
#define VHOST_INFLIGHT_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"
#include "vhost/ring/inflight.h"
#include "vhost/wire/wire.h"

struct vhost_inflight_area {
	struct guest_mem mem; /* one region, at address 0; or none */
	uint16_t rings;	      /* that have a part of it */
	uint16_t size;	      /* entries in each part */
	unsigned int unread;  /* bit n: ring n has not started since it came */
};

/* No region. */
void vhost_inflight_area_init(struct vhost_inflight_area *area);

/* Unmaps the region, if there is one. No ring may be tracked in it. */
void vhost_inflight_area_close(struct vhost_inflight_area *area);

/*
 * Maps what @wire says is in the file @fd, which stays the caller's, in place
 * of the region before, as one of @packed rings. It has one queue or more, with
 * one entry or more, and its offset is a multiple of 8. Returns 0; or, with the
 * region before kept, -EINVAL and in @why what is wrong with it, or what
 * guest_mem_add() returns and NULL.
 */
int vhost_inflight_area_map(struct vhost_inflight_area *area,
			    const struct vhost_wire_inflight *wire, int fd,
			    bool packed, const char **why);

/* Where a ring starts. */
struct vhost_ring_start {
	uint32_t base;
	uint32_t note;	/* what was pushed last */
	bool recovered; /* the region said so */
};

/*
 * Ring @index, as @vring, is about to start at @start->base: tracks it in
 * @inflight, if there is room for it in the region, and changes @start to what
 * that says. Returns NULL, or why it cannot start.
 */
const char *vhost_inflight_area_track(const struct vhost_inflight_area *area,
				      unsigned int index,
				      const struct vring *vring,
				      struct inflight *inflight,
				      struct vhost_ring_start *start);

/*
 * Returns true if the region says where ring @index goes on, and the ring has
 * not started since SET_INFLIGHT_FD: the base of SET_VRING_BASE is out of date.
 */
bool vhost_inflight_area_has_place(const struct vhost_inflight_area *area,
				   bool packed, unsigned int index);

#endif
