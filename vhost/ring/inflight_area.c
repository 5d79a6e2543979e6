/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/ring/inflight_area.h"

#include <errno.h>

void vhost_inflight_area_init(struct vhost_inflight_area *area)
{
	*area = (struct vhost_inflight_area){ 0 };
	guest_mem_init(&area->mem);
}

void vhost_inflight_area_close(struct vhost_inflight_area *area)
{
	guest_mem_clear(&area->mem);
	area->rings = area->size = 0;
	area->unread = 0;
}

/* The part of ring @index, or NULL if it has none. */
static void *find_part(const struct vhost_inflight_area *area, bool packed,
		       unsigned int index)
{
	if (index >= area->rings)
		return NULL;
	return guest_mem_at_user(&area->mem,
				 index * inflight_stride(packed, area->size),
				 inflight_bytes(packed, area->size));
}

static const char *check_parts(const struct vhost_inflight_area *area,
			       bool packed)
{
	for (unsigned int i = 0; i < area->rings; i++) {
		const void *part = find_part(area, packed, i);
		const char *why;

		if (!part)
			return "the inflight region is too small";
		why = inflight_check(part, area->size);
		if (why)
			return why;
	}
	return NULL;
}

/* Exchanges all but ->unread. */
static void swap_areas(struct vhost_inflight_area *a,
		       struct vhost_inflight_area *b)
{
	uint16_t rings = a->rings, size = a->size;

	a->rings = b->rings;
	a->size = b->size;
	b->rings = rings;
	b->size = size;
	guest_mem_swap(&a->mem, &b->mem);
}

int vhost_inflight_area_map(struct vhost_inflight_area *area,
			    const struct vhost_wire_inflight *wire, int fd,
			    bool packed, const char **why)
{
	uint64_t most =
		wire->num_queues * inflight_stride(true, wire->queue_size);
	struct guest_region_spec spec = {
		/* No more than is used, whatever else is in there. */
		.size = wire->mmap_size < most ? wire->mmap_size : most,
		.mmap_offset = wire->mmap_offset,
	};
	struct vhost_inflight_area other;
	int ret;

	vhost_inflight_area_init(&other);
	*why = NULL;
	ret = guest_mem_add(&other.mem, &spec, fd);
	if (!ret) {
		other.rings = wire->num_queues;
		other.size = wire->queue_size;
		/*
		 * @area's memory is watched while it is looked at, so that a
		 * file that is truncated by now does no harm.
		 */
		swap_areas(&other, area);
		*why = check_parts(area, packed);
		if (*why) {
			swap_areas(&other, area);
			ret = -EINVAL;
		}
	}
	guest_mem_clear(&other.mem);
	if (!ret)
		area->unread = ~0u;
	return ret;
}

const char *vhost_inflight_area_track(const struct vhost_inflight_area *area,
				      unsigned int index,
				      const struct vring *vring,
				      struct inflight *inflight,
				      struct vhost_ring_start *start)
{
	void *part;
	int ret;

	/* What was begun and went back to the ring is still begun. */
	*inflight = (struct inflight){ .begun = inflight->begun };
	start->recovered = false;
	if (index >= area->rings)
		return NULL;
	part = find_part(area, vring->features.packed, index);
	if (!part || vring->size > area->size)
		return "the inflight region is too small for the ring";
	/* A ring that this back end stopped left nothing behind. */
	if (!(area->unread & 1u << index)) {
		inflight_restart(inflight, vring, part, area->size, start->base,
				 start->note);
		return NULL;
	}
	ret = inflight_resume(inflight, vring, part, area->size, &start->base,
			      &start->note);
	start->recovered = ret > 0;
	return ret < 0 ? "the inflight region is not of this ring" : NULL;
}

bool vhost_inflight_area_has_place(const struct vhost_inflight_area *area,
				   bool packed, unsigned int index)
{
	const void *part = find_part(area, packed, index);

	return part && area->unread & 1u << index && inflight_is_used(part);
}
