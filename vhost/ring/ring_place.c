/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Where rings are in the host's memory. It is looked up when a ring starts; on
 * a running ring once more when memory, its address or its translation change.
 */
#include <errno.h>

#include "vhost/handlers.h"

#define BIT(n) (1ull << (n))

struct vring_features vhost_ring_features(const struct vhost_session *s)
{
	return (struct vring_features){
		.packed = s->features & BIT(VIRTIO_F_RING_PACKED),
		.indirect = s->features & BIT(VIRTIO_F_INDIRECT_DESC),
		.event_idx = s->features & BIT(VIRTIO_F_EVENT_IDX),
		.on_empty = s->features & BIT(VIRTIO_F_NOTIFY_ON_EMPTY),
	};
}

static void set_log_addr(struct vring *vring,
			 const struct vhost_wire_vring_addr *addr)
{
	vring->logged = addr->flags & 1u << VHOST_VRING_F_LOG;
	vring->log_addr = addr->log;
}

static const char no_memory[] = "the front end shares no guest memory";

struct area {
	uint64_t addr; /* the front end's, or the driver's behind an IOMMU */
	uint64_t bytes;
	unsigned int access; /* IOTLB_... bits */
	void **at;
};

/* Returns 0, -EAGAIN for want of a translation, -EFAULT or -EXDEV. */
static int find_area(const struct guest_mem *mem, const struct area *area)
{
	size_t got, rest;

	if (!mem->iotlb) {
		*area->at = guest_mem_at_user(mem, area->addr, area->bytes);
		return *area->at ? 0 : -EFAULT;
	}
	*area->at =
		guest_mem_dma(mem, area->addr, area->bytes, area->access, &got);
	if (!*area->at)
		return guest_mem_missed(mem) ? -EAGAIN : -EFAULT;
	if (got == area->bytes)
		return 0;
	guest_mem_dma(mem, area->addr + got, area->bytes - got, area->access,
		      &rest);
	return guest_mem_missed(mem) ? -EAGAIN : -EXDEV;
}

/*
 * Finds the ring's areas in @mem. Returns 0; -EAGAIN for want of a translation;
 * or -EINVAL, and in @why what is wrong with them.
 */
static int locate(const struct vhost_ring *ring,
		  const struct vring_features *features,
		  const struct guest_mem *mem, struct vring_areas *areas,
		  const char **why)
{
	const unsigned int both = IOTLB_READ | IOTLB_WRITE;
	const struct vhost_wire_vring_addr *a = &ring->addr;
	struct vring_bytes bytes = vring_bytes(features, ring->size);
	const struct area all[] = {
		{ a->desc, bytes.desc, features->packed ? both : IOTLB_READ,
		  &areas->desc },
		{ a->avail, bytes.driver, IOTLB_READ, &areas->driver },
		/* A split ring's used index is read when it starts. */
		{ a->used, bytes.device, both, &areas->device },
	};

	*why = "the ring has no address or no size";
	if (!ring->has_addr || !ring->size)
		return -EINVAL;
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int ret = find_area(mem, &all[i]);

		*why = ret == -EXDEV ? "an area of the ring is in pieces"
		       : mem->count  ? "the ring is not in guest memory"
				     : no_memory;
		if (ret < 0)
			return ret == -EAGAIN ? ret : -EINVAL;
	}
	*why = "the ring is not aligned";
	return vring_is_aligned(features, areas) ? 0 : -EINVAL;
}

/* The ring starts, in @areas. */
static int begin(struct vhost_session *s, struct vhost_ring *ring,
		 const struct vring_areas *areas)
{
	struct vring vring = {
		.mem = &s->mem,
		.areas = *areas,
		.size = ring->size,
		.features = vhost_ring_features(s),
	};
	uint32_t base = ring->has_base ? ring->base
				       : vring_first_base(&vring.features);
	const char *why;

	/* The layout may have changed since SET_VRING_NUM. */
	if (!vring_size_ok(&vring.features, ring->size))
		return vhost_refuse(s, "the ring cannot have size %u",
				    ring->size);
	why = vhost_track_ring(s, ring, &vring, &base);
	if (why)
		return vhost_refuse(s, "%s", why);
	if (vring_start(&vring, base) < 0)
		return vhost_refuse(s, "the ring cannot begin at 0x%x", base);
	set_log_addr(&vring, &ring->addr);
	ring->vring = vring;
	ring->broken = false;
	ring->recovers = false;
	if (s->device->ops->start)
		s->device->ops->start(
			s->device->opaque, (unsigned int)(ring - s->rings),
			!ring->resumes && !ring->loaded && !ring->recovered);
	ring->loaded = false;
	return 0;
}

static void refuse_place(struct vhost_session *s, const char *why)
{
	vhost_refuse(s, "%s", why);
	if (why == no_memory)
		s->hint = VHOST_HINT_NO_MEMORY;
}

int vhost_find_ring(struct vhost_session *s, struct vhost_ring *ring)
{
	struct vring_features features = ring->unborn ? vhost_ring_features(s)
						      : ring->vring.features;
	struct vring_areas areas;
	const char *why;
	int ret = locate(ring, &features, &s->mem, &areas, &why);

	if (ret == -EAGAIN)
		vhost_translation_want(s, &s->translation.iotlb.miss, 1);
	else if (ret < 0)
		refuse_place(s, why);
	else if (ring->unborn)
		ret = begin(s, ring, &areas);
	if (ret < 0)
		return ret;
	ring->lost = ring->unborn = false;
	vhost_ring_moved(s, ring, &areas);
	return 0;
}

int vhost_move_ring(struct vhost_session *s, struct vhost_ring *ring,
		    const struct vhost_wire_vring_addr *addr)
{
	bool runs = ring->started && !ring->unborn;
	struct vhost_ring moved = *ring;
	struct vring_areas areas;
	const char *why;

	moved.addr = *addr;
	moved.has_addr = true;
	moved.set_up = true;
	if (runs) {
		set_log_addr(&moved.vring, addr);
		/* A translation may have to be waited for. */
		moved.lost = s->mem.iotlb;
		if (!moved.lost && locate(&moved, &moved.vring.features,
					  &s->mem, &areas, &why) < 0)
			return vhost_refuse(s, "%s", why);
	}
	*ring = moved;
	if (runs && !moved.lost)
		vhost_ring_moved(s, ring, &areas);
	return 0;
}

void vhost_lose_rings(struct vhost_session *s)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		s->rings[i].lost = s->rings[i].started;
}

void vhost_lose_rings_at(struct vhost_session *s, uint64_t addr, uint64_t size)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		struct vhost_ring *ring = &s->rings[i];
		const struct vhost_wire_vring_addr *a = &ring->addr;
		struct vring_bytes bytes;

		if (!ring->started || ring->lost)
			continue;
		bytes = vring_bytes(&ring->vring.features, ring->size);
		ring->lost =
			iotlb_overlap(addr, size, a->desc, bytes.desc) ||
			iotlb_overlap(addr, size, a->avail, bytes.driver) ||
			iotlb_overlap(addr, size, a->used, bytes.device);
	}
}

/* Without an IOMMU, so that it is known at once what becomes of the rings. */
static void swap_under_rings(struct vhost_session *s, struct guest_mem *mem)
{
	struct vring_areas areas[VHOST_MAX_RINGS];
	const char *why;

	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		struct vhost_ring *ring = &s->rings[i];

		if (!ring->started || ring->lost ||
		    !locate(ring, &ring->vring.features, mem, &areas[i], &why))
			continue;
		/* Its requests end while the old memory is still there. */
		vhost_quiesce_ring(s, ring);
		vhost_session_break(s, i, why);
	}
	guest_mem_swap(&s->mem, mem);
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		if (s->rings[i].started && !s->rings[i].lost)
			vhost_ring_moved(s, &s->rings[i], &areas[i]);
}

void vhost_swap_mem(struct vhost_session *s, struct guest_mem *mem)
{
	if (!s->mem.iotlb) {
		swap_under_rings(s, mem);
		return;
	}
	guest_mem_swap(&s->mem, mem);
	vhost_lose_rings(s);
}

static bool is_inside(const void *at, const uint8_t *host, uint64_t size)
{
	const uint8_t *byte = at;

	return byte >= host && (uint64_t)(byte - host) < size;
}

bool vhost_ring_runs_in(const struct vhost_session *s,
			const struct guest_region_spec *spec)
{
	const uint8_t *host = guest_mem_at_user(&s->mem, spec->user_addr, 1);

	for (unsigned int i = 0; host && i < s->device->ring_count; i++) {
		const struct vhost_ring *ring = &s->rings[i];
		const struct vring_areas *areas = &ring->vring.areas;

		if (ring->started && !ring->lost &&
		    (is_inside(areas->desc, host, spec->size) ||
		     is_inside(areas->driver, host, spec->size) ||
		     is_inside(areas->device, host, spec->size)))
			return true;
	}
	return false;
}
