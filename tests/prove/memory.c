/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guest memory: what becomes of a guest's address, with and without an IOMMU,
 * and of a front end's.
 *
 * Front end: any regions in the order of their addresses, any translations.
 * Guest: any address, any length.
 * Bound: 2 regions of up to 8 bytes, 2 translations.
 *
 * cbmc: --unwind 9 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#include "virtio/mem/guest_mem.c"

#define REGIONS 2
#define MOST	8 /* bytes of a region */

/* The cache has a proof of its own: it gives any translation, or none. */
bool iotlb_find(struct iotlb *tlb, uint64_t iova, uint64_t len,
		unsigned int access, uint64_t *user_addr, uint64_t *got)
{
	(void)tlb, (void)iova, (void)access;
	*user_addr = nondet_u64();
	*got = nondet_u64();
	assume(*got && *got <= len);
	return nondet_bool();
}

unsigned int iotlb_index(const struct iotlb *tlb, uint64_t iova)
{
	unsigned int index = nondet_u32();

	(void)iova;
	assume(index <= tlb->count);
	return index;
}

void dirty_log_mark(struct dirty_log *log, uint64_t addr, uint64_t len)
{
	(void)log, (void)addr, (void)len;
}

int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size)
{
	(void)map, (void)fd, (void)offset, (void)size;
	return -EINVAL;
}

/* A region in memory that ends where it does */
static struct guest_region any_region(uint8_t *bytes)
{
	struct guest_region region;

	assume(region.size && region.size <= MOST);
	assume(region.guest_addr <= UINT64_MAX - region.size);
	assume(region.user_addr <= UINT64_MAX - region.size);
	region.host = bytes + MOST - region.size;
	return region;
}

static void check(const void *at, uint64_t len)
{
	assert(!at || (len && __CPROVER_r_ok(at, len)));
}

/* Each byte of a region is found. */
static void find(const struct guest_mem *mem, const struct guest_region *r)
{
	const uint64_t offset = nondet_u64();
	size_t got = 0;

	assume(offset < r->size);
	assert(guest_mem_at(mem, r->guest_addr + offset, 1, &got) ==
	       r->host + offset);
	assert(got == 1);
}

static void look_up(const struct guest_mem *mem)
{
	const uint64_t addr = nondet_u64(), len = nondet_u64();
	const unsigned int access = nondet_u32();
	size_t got = 0;
	void *at;

	at = guest_mem_dma(mem, addr, len, access, &got);
	check(at, got);
	assert(!at || got <= len);
	assume(len);
	at = guest_mem_near(mem, nondet_u32(), addr, len, access);
	check(at, len);
	at = guest_mem_at_user(mem, addr, len);
	check(at, len);
	guest_mem_guess(mem, addr);
}

int main(void)
{
	static uint8_t bytes[REGIONS][MOST];
	struct guest_region regions[REGIONS] = { any_region(bytes[0]),
						 any_region(bytes[1]) };
	struct iotlb_entry entries[2];
	struct iotlb tlb = { .entries = entries, .count = nondet_u32() };
	struct guest_mem mem = {
		.regions = regions,
		.count = nondet_u32(),
		.iotlb = nondet_bool() ? &tlb : NULL,
	};

	assume(mem.count <= REGIONS && tlb.count <= 2);
	assume(regions[0].guest_addr + regions[0].size <=
	       regions[1].guest_addr);
	if (nondet_bool())
		look_up(&mem);
	else if (mem.count > 0 && nondet_bool())
		find(&mem, &regions[0]);
	else if (mem.count > 1)
		find(&mem, &regions[1]);
	return 0;
}
