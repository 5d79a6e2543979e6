/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The cache of an IOMMU's translations: one call, on any cache that is sorted.
 *
 * Front end: translations from anywhere to anywhere. Guest: any address.
 * Bound: up to 2 translations, in a cache with room for 2.
 *
 * cbmc: --unwind 3 --conversion-check
 */
#include "tests/prove/prove.h"

#include "virtio/mem/iotlb.h"

#define ENTRIES 2

static struct iotlb_entry entries[ENTRIES];

static void move(size_t to, size_t from, size_t count)
{
	assert(to + count <= ENTRIES && from + count <= ENTRIES);
	for (size_t i = 0; to < from && i < count; i++)
		entries[to + i] = entries[from + i];
	for (size_t i = count; to > from && i > 0; i--)
		entries[to + i - 1] = entries[from + i - 1];
}

#define memmove(to, from, bytes)                               \
	move((size_t)((to)-entries), (size_t)((from)-entries), \
	     (bytes) / sizeof(struct iotlb_entry))

#include "virtio/mem/iotlb.c"

/* A cache that has grown is one with more room. */
void *reallocarray(void *old, size_t count, size_t size)
{
	assert(old == entries && count == 2 * ENTRIES &&
	       size == sizeof(entries[0]));
	return NULL;
}

static bool is_sound(const struct iotlb_entry *e)
{
	return e->iova <= e->last &&
	       e->last - e->iova <= UINT64_MAX - e->user_addr && e->access &&
	       !(e->access & ~(unsigned int)(IOTLB_READ | IOTLB_WRITE));
}

static bool is_sorted(const struct iotlb *tlb)
{
	bool sorted = tlb->count <= tlb->room;

	for (unsigned int i = 0; sorted && i < tlb->count; i++)
		sorted =
			is_sound(&tlb->entries[i]) &&
			(!i || tlb->entries[i - 1].last < tlb->entries[i].iova);
	return sorted;
}

static void find(struct iotlb *tlb, uint64_t iova)
{
	const uint64_t len = nondet_u64();
	const unsigned int access = nondet_u32() & 3;
	uint64_t at, got;

	assume(len);
	if (!iotlb_find(tlb, iova, len, access, &at, &got)) {
		assert(tlb->missed && tlb->miss.iova == iova);
		return;
	}
	assert(got && got <= len);
	/* In user addresses it may: there is no memory where it does. */
	assert(got - 1 <= UINT64_MAX - iova);
}

int main(void)
{
	struct iotlb tlb = {
		.entries = entries,
		.count = nondet_u32(),
		.room = ENTRIES,
	};
	struct iotlb_entry any[ENTRIES];
	const uint64_t iova = nondet_u64();

	for (unsigned int i = 0; i < ENTRIES; i++)
		entries[i] = any[i];
	assume(is_sorted(&tlb));
	switch (nondet_u8()) {
	case 0:
		iotlb_update(&tlb, iova, nondet_u64(), nondet_u64(),
			     nondet_u32());
		break;
	case 1:
		iotlb_invalidate(&tlb, iova, nondet_u64());
		break;
	case 2:
		iotlb_has(&tlb, nondet_u32(), iova, 1, nondet_u32());
		break;
	default:
		find(&tlb, iova);
	}
	assert(is_sorted(&tlb));
	return 0;
}
