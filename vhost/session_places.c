/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Where a session's rings are in the host's memory. It is looked up when a
 * ring starts; on a started ring once more when memory, its address or its
 * translations change.
 *
 * Between two messages no host pointer into guest memory is kept but those of
 * the rings' areas. So when an invalidation is acknowledged, nothing uses what
 * it was about: chains hold the driver's addresses, and are looked up again.
 */
#include <errno.h>

#include "vhost/ring/ring_place.h"
#include "vhost/session_rings.h"
#include "virtio/ring/virtio_wire.h"

static int refuse(struct vhost_session *s, const char *why)
{
	vhost_reason_set(&s->reason, "%s", why);
	if (why == vhost_no_memory)
		s->reason.hint = VHOST_HINT_NO_MEMORY;
	return -EINVAL;
}

/* Calls the driver, as it may not have heard of what was used before. */
static void signal_ring(struct vhost_session *s, struct vhost_ring *ring)
{
	if (vhost_ring_signal(ring) < 0)
		vhost_note_blocked_call(s, ring);
}

static void move(struct vhost_session *s, struct vhost_ring *ring,
		 const struct vring_areas *areas)
{
	vhost_ring_move(ring, areas);
	signal_ring(s, ring);
}

/*
 * The ring begins as the region says, at @from. If that is where it stopped,
 * nothing was begun since, and what the device knew then was loaded, the device
 * knows more than the region.
 */
static enum vhost_ring_origin find_origin(const struct vhost_ring *ring,
					  const struct vhost_ring_start *from)
{
	if (!from->recovered ||
	    (ring->origin == VHOST_RING_LOADED && ring->has_base &&
	     ring->base == from->base && !ring->inflight.lost))
		return ring->origin;
	return VHOST_RING_RECOVERED;
}

/* A ring that is STARTING begins, in @areas. */
static int begin(struct vhost_session *s, struct vhost_ring *ring,
		 const struct vring_areas *areas)
{
	struct vring vring = {
		.mem = &s->mem,
		.areas = *areas,
		.size = ring->size,
		.features = vhost_ring_features(s),
	};
	struct vhost_ring_start from = {
		.base = ring->has_base ? ring->base
				       : vring_first_base(&vring.features),
		.note = ring->origin == VHOST_RING_FRESH ? 0 : ring->note,
	};
	unsigned int index = (unsigned int)(ring - s->rings);
	enum vhost_ring_origin origin;
	const char *why;

	/* The layout may have changed since SET_VRING_NUM. */
	if (!vring_size_ok(&vring.features, ring->size))
		return vhost_reason_set(
			&s->reason, "the ring cannot have size %u", ring->size);
	why = vhost_inflight_area_track(&s->inflight, index, &vring,
					&ring->inflight, &from);
	if (why)
		return refuse(s, why);
	if (vring_start(&vring, from.base) < 0)
		return vhost_reason_set(
			&s->reason, "the ring cannot begin at 0x%x", from.base);
	vhost_ring_set_log(&vring, &ring->addr);
	ring->note = from.note;
	s->inflight.unread &= ~(1u << index);
	origin = find_origin(ring, &from);
	vhost_ring_begin(ring, &vring, origin);
	if (s->device->ops->start)
		s->device->ops->start(s->device->opaque, index,
				      origin == VHOST_RING_FRESH);
	signal_ring(s, ring);
	return 0;
}

int vhost_find_ring(struct vhost_session *s, struct vhost_ring *ring)
{
	bool starting = ring->state == VHOST_RING_STARTING;
	struct vring_features features = starting ? vhost_ring_features(s)
						  : ring->vring.features;
	struct vring_areas areas;
	const char *why;
	int ret = vhost_ring_locate(ring, &features, &s->mem, &areas, &why);

	if (ret == -EAGAIN) {
		vhost_translation_want(&s->translation,
				       &s->translation.iotlb.miss, 1);
		return ret;
	}
	if (ret < 0)
		return refuse(s, why);
	if (starting)
		return begin(s, ring, &areas);
	move(s, ring, &areas);
	return 0;
}

int vhost_move_ring(struct vhost_session *s, struct vhost_ring *ring,
		    const struct vhost_wire_vring_addr *addr)
{
	bool runs = ring->state == VHOST_RING_RUNNING ||
		    ring->state == VHOST_RING_UNMAPPED;
	struct vhost_ring moved = *ring;
	struct vring_areas areas;
	const char *why;

	moved.addr = *addr;
	moved.has_addr = true;
	moved.set_up = true;
	if (runs) {
		vhost_ring_set_log(&moved.vring, addr);
		/* A translation may have to be waited for. */
		if (s->mem.iotlb)
			vhost_ring_unmap(&moved);
		else if (vhost_ring_locate(&moved, &moved.vring.features,
					   &s->mem, &areas, &why) < 0)
			return refuse(s, why);
	}
	*ring = moved;
	if (runs && !s->mem.iotlb)
		move(s, ring, &areas);
	return 0;
}

void vhost_unmap_rings(struct vhost_session *s)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		vhost_ring_unmap(&s->rings[i]);
}

void vhost_unmap_rings_at(struct vhost_session *s, uint64_t addr, uint64_t size)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		struct vhost_ring *ring = &s->rings[i];

		if (ring->state == VHOST_RING_RUNNING &&
		    vhost_ring_overlaps(ring, addr, size))
			vhost_ring_unmap(ring);
	}
}

/* Without an IOMMU, so that it is known at once what becomes of the rings. */
static void swap_under_rings(struct vhost_session *s, struct guest_mem *mem)
{
	struct vring_areas areas[VHOST_MAX_RINGS];
	const char *why;

	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		struct vhost_ring *ring = &s->rings[i];

		if (ring->state != VHOST_RING_RUNNING ||
		    !vhost_ring_locate(ring, &ring->vring.features, mem,
				       &areas[i], &why))
			continue;
		/* Its requests end while the old memory is still there. */
		vhost_quiesce_ring(s, ring);
		vhost_session_break(s, i, why);
	}
	guest_mem_swap(&s->mem, mem);
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		if (s->rings[i].state == VHOST_RING_RUNNING)
			move(s, &s->rings[i], &areas[i]);
}

void vhost_swap_mem(struct vhost_session *s, struct guest_mem *mem)
{
	if (!s->mem.iotlb) {
		swap_under_rings(s, mem);
		return;
	}
	guest_mem_swap(&s->mem, mem);
	vhost_unmap_rings(s);
}

bool vhost_ring_runs_in(const struct vhost_session *s,
			const struct guest_region_spec *spec)
{
	const uint8_t *host = guest_mem_at_user(&s->mem, spec->user_addr, 1);

	for (unsigned int i = 0; host && i < s->device->ring_count; i++)
		if (s->rings[i].state == VHOST_RING_RUNNING &&
		    vhost_ring_is_in(&s->rings[i], host, spec->size))
			return true;
	return false;
}

void vhost_clear_translations(struct vhost_session *s)
{
	if (!s->mem.iotlb)
		return;
	vhost_translation_clear(&s->translation);
	vhost_unmap_rings(s);
}

void vhost_switch_translation(struct vhost_session *s)
{
	bool wanted = s->features & 1ull << VIRTIO_F_ACCESS_PLATFORM;

	if (wanted == !!s->mem.iotlb)
		return;
	vhost_translation_clear(&s->translation);
	s->mem.iotlb = wanted ? &s->translation.iotlb : NULL;
	/* Addresses have another meaning now. */
	vhost_unmap_rings(s);
}
