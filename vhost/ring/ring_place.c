/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/ring/ring_place.h"

#include <errno.h>

const char vhost_no_memory[] = "the front end shares no guest memory";

struct area {
	uint64_t addr; /* the front end's, or the driver's behind an IOMMU */
	uint64_t bytes;
	unsigned int access; /* IOTLB_... bits */
	void **at;
};

/* Returns 0, -EAGAIN when a translation is missing, -EFAULT or -EXDEV. */
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

static const char *name_error(const struct guest_mem *mem, int error)
{
	if (error == -EXDEV)
		return "an area of the ring is in pieces";
	return mem->count ? "the ring is not in guest memory" : vhost_no_memory;
}

int vhost_ring_locate(const struct vhost_ring *ring,
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

		*why = name_error(mem, ret);
		if (ret < 0)
			return ret == -EAGAIN ? ret : -EINVAL;
	}
	*why = "the ring is not aligned";
	return vring_is_aligned(features, areas) ? 0 : -EINVAL;
}

void vhost_ring_set_log(struct vring *vring,
			const struct vhost_wire_vring_addr *addr)
{
	vring->logged = addr->flags & 1u << VHOST_VRING_F_LOG;
	vring->log_addr = addr->log;
}

bool vhost_ring_overlaps(const struct vhost_ring *ring, uint64_t addr,
			 uint64_t size)
{
	const struct vhost_wire_vring_addr *a = &ring->addr;
	struct vring_bytes bytes =
		vring_bytes(&ring->vring.features, ring->size);

	return iotlb_overlap(addr, size, a->desc, bytes.desc) ||
	       iotlb_overlap(addr, size, a->avail, bytes.driver) ||
	       iotlb_overlap(addr, size, a->used, bytes.device);
}

static bool is_inside(const void *at, const uint8_t *host, uint64_t size)
{
	const uint8_t *byte = at;

	return byte >= host && (uint64_t)(byte - host) < size;
}

bool vhost_ring_is_in(const struct vhost_ring *ring, const uint8_t *host,
		      uint64_t size)
{
	const struct vring_areas *areas = &ring->vring.areas;

	return is_inside(areas->desc, host, size) ||
	       is_inside(areas->driver, host, size) ||
	       is_inside(areas->device, host, size);
}
