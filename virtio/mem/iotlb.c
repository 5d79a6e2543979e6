/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/mem/iotlb.h"

/* Enough for the pages of a large request. Dropped entries are misses again. */
#define MAX_ENTRIES (1u << 16)

void iotlb_init(struct iotlb *tlb)
{
	*tlb = (struct iotlb){ 0 };
}

void iotlb_clear(struct iotlb *tlb)
{
	free(tlb->entries);
	*tlb = (struct iotlb){ .changes = tlb->changes + 1 };
}

/* The first entry that ends at or after @iova. */
unsigned int iotlb_index(const struct iotlb *tlb, uint64_t iova)
{
	unsigned int low = 0, high = tlb->count;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (tlb->entries[mid].last < iova)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint64_t last_of(uint64_t iova, uint64_t size)
{
	uint64_t last;

	if (!size || __builtin_add_overflow(iova, size - 1, &last))
		return UINT64_MAX;
	return last;
}

bool iotlb_overlap(uint64_t iova, uint64_t size, uint64_t addr, uint64_t len)
{
	return addr <= last_of(iova, size) && last_of(addr, len) >= iova;
}

void iotlb_invalidate(struct iotlb *tlb, uint64_t iova, uint64_t size)
{
	unsigned int from = iotlb_index(tlb, iova), to = from;

	while (to < tlb->count && tlb->entries[to].iova <= last_of(iova, size))
		to++;
	if (to == from)
		return;
	memmove(&tlb->entries[from], &tlb->entries[to],
		(tlb->count - to) * sizeof(*tlb->entries));
	tlb->count -= to - from;
	tlb->changes++;
}

static int make_room(struct iotlb *tlb)
{
	struct iotlb_entry *entries;
	unsigned int room = tlb->room ? 2 * tlb->room : 16;

	if (tlb->count < tlb->room)
		return 0;
	if (tlb->room == MAX_ENTRIES) {
		tlb->count = 0;
		tlb->changes++;
		return 0;
	}
	entries = reallocarray(tlb->entries, room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	tlb->entries = entries;
	tlb->room = room;
	return 0;
}

/* Returns the entry that contains @iova, or NULL. */
static const struct iotlb_entry *entry_of(const struct iotlb *tlb,
					  uint64_t iova)
{
	unsigned int at = iotlb_index(tlb, iova);

	if (at == tlb->count || tlb->entries[at].iova > iova)
		return NULL;
	return &tlb->entries[at];
}

static bool is_known(const struct iotlb *tlb, const struct iotlb_entry *entry)
{
	const struct iotlb_entry *e = entry_of(tlb, entry->iova);

	return e && e->iova == entry->iova && e->last == entry->last &&
	       e->user_addr == entry->user_addr && e->access == entry->access;
}

int iotlb_update(struct iotlb *tlb, uint64_t iova, uint64_t size,
		 uint64_t user_addr, unsigned int access)
{
	struct iotlb_entry entry = {
		.iova = iova,
		.last = last_of(iova, size),
		.user_addr = user_addr,
		.access = access & (IOTLB_READ | IOTLB_WRITE),
	};
	uint64_t end;
	unsigned int at;
	int ret;

	if (!size || !entry.access ||
	    __builtin_add_overflow(iova, size - 1, &end) ||
	    __builtin_add_overflow(user_addr, size - 1, &end))
		return -EINVAL;
	if (is_known(tlb, &entry))
		return 0;
	iotlb_invalidate(tlb, iova, size);
	ret = make_room(tlb);
	if (ret < 0)
		return ret;

	at = iotlb_index(tlb, iova);
	memmove(&tlb->entries[at + 1], &tlb->entries[at],
		(tlb->count - at) * sizeof(*tlb->entries));
	tlb->entries[at] = entry;
	tlb->count++;
	return 0;
}

/* Returns true if @next follows @e without a gap in both address spaces. */
static bool is_next(const struct iotlb_entry *e, const struct iotlb_entry *next)
{
	return next->iova == e->last + 1 &&
	       next->user_addr - e->user_addr == next->iova - e->iova;
}

bool iotlb_find(struct iotlb *tlb, uint64_t iova, uint64_t len,
		unsigned int access, uint64_t *user_addr, uint64_t *got)
{
	const struct iotlb_entry *e = entry_of(tlb, iova), *end;
	uint64_t last = last_of(iova, len);

	tlb->missed = !e || (e->access & access) != access;
	if (tlb->missed) {
		tlb->miss = (struct iotlb_miss){ iova, access };
		return false;
	}
	*user_addr = e->user_addr + (iova - e->iova);
	/* A buffer of many pages is often contiguous. */
	end = &tlb->entries[tlb->count];
	while (e->last < last && e + 1 < end && is_next(e, e + 1) &&
	       (e[1].access & access) == access)
		e++;
	*got = (e->last < last ? e->last : last) - iova + 1;
	return true;
}
