/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "virtio/mem/file_map.h"
#include "virtio/mem/guest_mem.h"

void guest_mem_init(struct guest_mem *mem)
{
	*mem = (struct guest_mem){ 0 };
}

void guest_mem_clear(struct guest_mem *mem)
{
	for (unsigned int i = 0; i < mem->count; i++)
		munmap(mem->regions[i].map, mem->regions[i].map_size);
	free(mem->regions);
	*mem = (struct guest_mem){ .also = mem->also };
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* The caller has checked that the sums in @spec do not overflow. */
static bool overlaps_any(const struct guest_mem *mem,
			 const struct guest_region_spec *spec)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		const struct guest_region *r = &mem->regions[i];

		if (overlap(r->guest_addr, r->size, spec->guest_addr,
			    spec->size) ||
		    overlap(r->user_addr, r->size, spec->user_addr, spec->size))
			return true;
	}
	return false;
}

static bool spec_is_sound(const struct guest_region_spec *spec)
{
	uint64_t end;

	return spec->size &&
	       !__builtin_add_overflow(spec->guest_addr, spec->size, &end) &&
	       !__builtin_add_overflow(spec->user_addr, spec->size, &end) &&
	       !__builtin_add_overflow(spec->mmap_offset, spec->size, &end) &&
	       end <= INT64_MAX;
}

static int map_region(const struct guest_region_spec *spec, int fd,
		      struct guest_region *region)
{
	struct file_map map = { 0 };
	int ret = file_map_open(&map, fd, spec->mmap_offset, spec->size);

	if (ret < 0)
		return ret;
	*region = (struct guest_region){
		.guest_addr = spec->guest_addr,
		.size = spec->size,
		.user_addr = spec->user_addr,
		.host = map.at,
		.map = map.pages,
		.map_size = map.bytes,
	};
	return 0;
}

int guest_mem_add(struct guest_mem *mem, const struct guest_region_spec *spec,
		  int fd)
{
	struct guest_region region = { 0 }, *regions;
	unsigned int at;
	int ret;

	if (!spec_is_sound(spec))
		return -EINVAL;
	if (mem->count == GUEST_MEM_MAX_REGIONS)
		return -ENOSPC;
	if (overlaps_any(mem, spec))
		return -EEXIST;

	regions = reallocarray(mem->regions, mem->count + 1, sizeof(*regions));
	if (!regions)
		return -ENOMEM;
	mem->regions = regions;

	ret = map_region(spec, fd, &region);
	if (ret)
		return ret;

	for (at = mem->count; at > 0; at--) {
		if (regions[at - 1].guest_addr < region.guest_addr)
			break;
		regions[at] = regions[at - 1];
	}
	regions[at] = region;
	mem->count++;
	return 0;
}

int guest_mem_remove(struct guest_mem *mem,
		     const struct guest_region_spec *spec)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		struct guest_region *r = &mem->regions[i];

		if (r->guest_addr != spec->guest_addr ||
		    r->size != spec->size || r->user_addr != spec->user_addr)
			continue;
		munmap(r->map, r->map_size);
		if (r->zeroed)
			mem->broken--;
		mem->count--;
		memmove(r, r + 1, (mem->count - i) * sizeof(*r));
		return 0;
	}
	return -ENOENT;
}

void guest_mem_swap(struct guest_mem *a, struct guest_mem *b)
{
	struct guest_mem tmp = *a;

	*a = *b;
	*b = tmp;
	b->also = a->also;
	a->also = tmp.also;
	b->log = a->log;
	a->log = tmp.log;
	b->iotlb = a->iotlb;
	a->iotlb = tmp.iotlb;
}

/*
 * Returns the region that has user address @addr, or NULL. They are sorted by
 * other addresses.
 */
static const struct guest_region *region_of_user(const struct guest_mem *mem,
						 uint64_t addr)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		const struct guest_region *r = &mem->regions[i];

		/* Below the region this wraps round. */
		if (addr - r->user_addr < r->size)
			return r;
	}
	return NULL;
}

/* As guest_mem_at(), by user address. */
static void *find_user(const struct guest_mem *mem, uint64_t addr, uint64_t len,
		       size_t *got)
{
	const struct guest_region *r = region_of_user(mem, addr);
	uint64_t offset;

	if (!r)
		return NULL;
	offset = addr - r->user_addr;
	*got = len < r->size - offset ? len : r->size - offset;
	return r->host + offset;
}

void *guest_mem_at_user(const struct guest_mem *mem, uint64_t addr,
			uint64_t len)
{
	size_t got = 0;
	void *at = find_user(mem, addr, len, &got);

	return got == len ? at : NULL;
}

void *guest_mem_translate(const struct guest_mem *mem, uint64_t addr,
			  uint64_t len, unsigned int access, size_t *got)
{
	uint64_t user_addr, run;

	if (!len ||
	    !iotlb_find(mem->iotlb, addr, len, access, &user_addr, &run))
		return NULL;
	return find_user(mem, user_addr, run, got);
}

unsigned int guest_mem_guess(const struct guest_mem *mem, uint64_t addr)
{
	const struct iotlb *tlb = mem->iotlb;
	const struct guest_region *r;
	unsigned int index;

	if (!tlb)
		return guest_mem_index(mem, addr);
	index = iotlb_index(tlb, addr);
	if (index == tlb->count)
		return index;
	/* Most translations are in one region, and stay there. */
	r = region_of_user(mem, tlb->entries[index].user_addr);
	tlb->entries[index].near = r ? (unsigned int)(r - mem->regions) : 0;
	return index;
}

void *guest_mem_near_iommu(const struct guest_mem *mem, unsigned int near,
			   uint64_t addr, uint64_t len, unsigned int access)
{
	const struct iotlb_entry *e;
	const struct guest_region *r;
	uint64_t offset;

	if (!iotlb_has(mem->iotlb, near, addr, len, access))
		return NULL;
	e = &mem->iotlb->entries[near];
	if (e->near >= mem->count)
		return NULL;
	r = &mem->regions[e->near];
	offset = e->user_addr + (addr - e->iova) - r->user_addr;
	if (offset >= r->size || len > r->size - offset)
		return NULL;
	return r->host + offset;
}

int guest_mem_read(const struct guest_mem *mem, uint64_t addr, void *buf,
		   size_t len)
{
	uint8_t *to = buf;

	while (len) {
		size_t got;
		const void *from =
			guest_mem_dma(mem, addr, len, IOTLB_READ, &got);

		if (!from)
			return -EFAULT;
		memcpy(to, from, got);
		to += got;
		addr += got;
		len -= got;
	}
	/* Keep the compiler from reading guest memory again instead of @buf. */
	__asm__ volatile("" : : : "memory");
	return 0;
}

void guest_mem_log(const struct guest_mem *mem, const void *at, uint64_t len)
{
	const uint8_t *byte = at;

	for (unsigned int i = 0; i < mem->count; i++) {
		const struct guest_region *r = &mem->regions[i];

		if (byte < r->host || byte >= r->host + r->size)
			continue;
		dirty_log_mark(mem->log,
			       r->guest_addr + (uint64_t)(byte - r->host), len);
		return;
	}
}
