/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/iotlb.h"

/* Enough for the pages of a large request; what is dropped is asked for. */
#define MAX_ENTRIES (1u << 16)

void iotlb_init(struct iotlb *tlb)
{
	*tlb = (struct iotlb){ 0 };
}

void iotlb_fini(struct iotlb *tlb)
{
	free(tlb->entries);
	iotlb_init(tlb);
}

/* The index of the first entry that ends at or behind @iova. */
static unsigned int lower_bound(const struct iotlb *tlb, uint64_t iova)
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

	return __builtin_add_overflow(iova, size - 1, &last) ? UINT64_MAX
							     : last;
}

void iotlb_invalidate(struct iotlb *tlb, uint64_t iova, uint64_t size)
{
	unsigned int from = lower_bound(tlb, iova), to = from;

	if (!size)
		return;
	while (to < tlb->count && tlb->entries[to].iova <= last_of(iova, size))
		to++;
	if (to == from)
		return;
	memmove(&tlb->entries[from], &tlb->entries[to],
		(tlb->count - to) * sizeof(*tlb->entries));
	tlb->count -= to - from;
}

static int make_room(struct iotlb *tlb)
{
	struct iotlb_entry *entries;
	unsigned int room = tlb->room ? 2 * tlb->room : 16;

	if (tlb->count < tlb->room)
		return 0;
	if (tlb->room == MAX_ENTRIES) {
		tlb->count = 0;
		return 0;
	}
	entries = reallocarray(tlb->entries, room, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	tlb->entries = entries;
	tlb->room = room;
	return 0;
}

int iotlb_update(struct iotlb *tlb, uint64_t iova, uint64_t size,
		 uint64_t user_addr, unsigned int access)
{
	uint64_t end;
	unsigned int at;
	int ret;

	access &= IOTLB_READ | IOTLB_WRITE;
	if (!size || !access || __builtin_add_overflow(iova, size - 1, &end) ||
	    __builtin_add_overflow(user_addr, size - 1, &end))
		return -EINVAL;
	iotlb_invalidate(tlb, iova, size);
	ret = make_room(tlb);
	if (ret < 0)
		return ret;

	at = lower_bound(tlb, iova);
	memmove(&tlb->entries[at + 1], &tlb->entries[at],
		(tlb->count - at) * sizeof(*tlb->entries));
	tlb->entries[at] = (struct iotlb_entry){
		.iova = iova,
		.last = last_of(iova, size),
		.user_addr = user_addr,
		.access = access,
	};
	tlb->count++;
	return 0;
}

bool iotlb_find(struct iotlb *tlb, uint64_t iova, uint64_t len,
		enum iotlb_access access, uint64_t *user_addr, uint64_t *got)
{
	unsigned int at = lower_bound(tlb, iova);
	const struct iotlb_entry *e = &tlb->entries[at];
	uint64_t behind;

	if (at == tlb->count || e->iova > iova || !(e->access & access)) {
		if (!tlb->miss.pending)
			tlb->miss = (struct iotlb_miss){ true, iova, access };
		return false;
	}
	behind = e->last - iova;
	*user_addr = e->user_addr + (iova - e->iova);
	*got = len - 1 < behind ? len : behind + 1;
	return true;
}
