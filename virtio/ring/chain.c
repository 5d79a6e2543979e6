/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "virtio/ring/chain.h"

int chain_init(struct chain *chain, unsigned int max)
{
	*chain = (struct chain){ .max = max };
	chain->segs = calloc(max, sizeof(*chain->segs));
	return chain->segs ? 0 : -ENOMEM;
}

void chain_fini(struct chain *chain)
{
	free(chain->segs);
	chain->segs = NULL;
}

/* madvise(2) keeps the array: unlike free() and malloc() this cannot fail. */
void chain_trim(struct chain *chain)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)chain->segs;
	uintptr_t end = (uintptr_t)(chain->segs + chain->max);

	chain_reset(chain, 0);
	start = (start + page - 1) / page * page;
	end = end / page * page;
	if (start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

void chain_reset(struct chain *chain, uint16_t head)
{
	chain->readable = chain->writable = 0;
	chain->read_len = chain->write_len = 0;
	chain->head = head;
	chain->ring_entries = 0;
	chain->misordered = false;
	chain->outcome_unknown = false;
	chain->deaths = 0;
	chain->unreachable = false;
}

int chain_append(struct chain *chain, uint64_t addr, uint32_t len,
		 bool writable)
{
	struct chain_seg *seg;

	if (!writable && chain->writable) {
		chain->misordered = true;
		return 0;
	}
	if (!len)
		return 0;
	if (chain->readable + chain->writable == chain->max)
		return -E2BIG;

	seg = &chain->segs[chain->readable + chain->writable];
	seg->addr = addr;
	seg->len = len;
	if (writable) {
		chain->writable++;
		chain->write_len += len;
	} else {
		chain->readable++;
		chain->read_len += len;
	}
	return 0;
}

/*
 * chain_is_mapped() for a segment that is not where it was expected. It will be
 * expected where it is. Not inline, as it is rare and has a local in memory.
 */
__attribute__((noinline)) static bool find_all(struct chain_seg *seg,
					       unsigned int access,
					       const struct guest_mem *mem)
{
	uint64_t addr = seg->addr, left = seg->len;

	seg->near = guest_mem_guess(mem, addr);
	while (left) {
		size_t got;

		if (!guest_mem_dma(mem, addr, left, access, &got))
			return false;
		addr += got;
		left -= got;
	}
	return true;
}

/* Is all of the segments from @seg up to @end accessible? */
static inline bool are_mapped(struct chain_seg *seg,
			      const struct chain_seg *end, unsigned int access,
			      const struct guest_mem *mem)
{
	for (; seg < end; seg++)
		if (!guest_mem_near(mem, seg->near, seg->addr, seg->len,
				    access) &&
		    !find_all(seg, access, mem))
			return false;
	return true;
}

bool chain_is_mapped(const struct chain *chain, const struct guest_mem *mem)
{
	struct chain_seg *writable = chain->segs + chain->readable;

	return are_mapped(chain->segs, writable, IOTLB_READ, mem) &&
	       are_mapped(writable, writable + chain->writable, IOTLB_WRITE,
			  mem);
}

void chain_reader(const struct chain *chain, struct chain_cursor *cursor)
{
	*cursor = (struct chain_cursor){
		.seg = chain->segs,
		.access = IOTLB_READ,
		.left = chain->read_len,
	};
}

void chain_writer(const struct chain *chain, struct chain_cursor *cursor)
{
	*cursor = (struct chain_cursor){
		.seg = chain->segs + chain->readable,
		.access = IOTLB_WRITE,
		.left = chain->write_len,
	};
}

void chain_last(const struct chain *chain, struct chain_cursor *cursor)
{
	const struct chain_seg *seg =
		&chain->segs[chain->readable + chain->writable - 1];

	*cursor = (struct chain_cursor){
		.seg = seg,
		.offset = seg->len - 1,
		.access = IOTLB_WRITE,
		.left = 1,
	};
}

/* As guest_mem_dma(), at the cursor, up to the end of its segment. */
static void *cursor_at(const struct chain_cursor *cursor,
		       const struct guest_mem *mem, uint64_t len, size_t *got)
{
	uint32_t in_seg;

	/* At the end, ->seg points behind the last segment. */
	if (!len || len > cursor->left)
		return NULL;
	in_seg = cursor->seg->len - cursor->offset;
	return guest_mem_dma(mem, cursor->seg->addr + cursor->offset,
			     len < in_seg ? len : in_seg, cursor->access, got);
}

void *chain_direct_slowly(const struct chain_cursor *cursor,
			  const struct guest_mem *mem, size_t len)
{
	size_t got;
	void *at = cursor_at(cursor, mem, len, &got);

	return at && got == len ? at : NULL;
}

void chain_skip(struct chain_cursor *cursor, uint64_t len)
{
	if (len > cursor->left)
		len = cursor->left;
	while (len) {
		uint32_t in_seg = cursor->seg->len - cursor->offset;
		uint32_t now = len < in_seg ? (uint32_t)len : in_seg;

		chain_step(cursor, now);
		len -= now;
	}
}

int chain_read_parts(struct chain_cursor *cursor, const struct guest_mem *mem,
		     void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len) {
		size_t got;
		const void *from = cursor_at(cursor, mem, len, &got);

		if (!from)
			return -EFAULT;
		memcpy(to, from, got);
		chain_step(cursor, (uint32_t)got);
		to += got;
		len -= got;
	}
	return 0;
}

int chain_write_parts(struct chain_cursor *cursor, const struct guest_mem *mem,
		      const void *buf, size_t len)
{
	const uint8_t *from = buf;

	while (len) {
		size_t got;
		void *to = cursor_at(cursor, mem, len, &got);

		if (!to)
			return -EFAULT;
		memcpy(to, from, got);
		guest_mem_wrote(mem, to, got);
		chain_step(cursor, (uint32_t)got);
		from += got;
		len -= got;
	}
	return 0;
}

int chain_zero(struct chain_cursor *cursor, const struct guest_mem *mem,
	       size_t len)
{
	while (len) {
		size_t got;
		void *to = cursor_at(cursor, mem, len, &got);

		if (!to)
			return -EFAULT;
		memset(to, 0, got);
		guest_mem_wrote(mem, to, got);
		chain_step(cursor, (uint32_t)got);
		len -= got;
	}
	return 0;
}

void chain_wrote(const struct chain_cursor *cursor, const struct guest_mem *mem,
		 size_t len)
{
	const void *at;

	if (!mem->log)
		return;
	at = chain_direct(cursor, mem, len);
	if (at)
		guest_mem_log(mem, at, len);
}

/* The result of chain_misses() */
struct finds {
	struct iotlb_miss *misses;
	unsigned int count;
	unsigned int max;
};

/* One miss for each page is enough: an answer covers at least a page. */
static void add_find(struct finds *finds, const struct iotlb_miss *miss)
{
	for (unsigned int i = 0; i < finds->count; i++) {
		const struct iotlb_miss *other = &finds->misses[i];

		if (other->iova / IOTLB_PAGE == miss->iova / IOTLB_PAGE &&
		    other->access == miss->access)
			return;
	}
	finds->misses[finds->count++] = *miss;
}

/* Looks for misses in one segment. */
static void search(struct chain_seg *seg, unsigned int access,
		   const struct guest_mem *mem, struct finds *finds)
{
	uint64_t addr = seg->addr, left = seg->len;

	if (guest_mem_near(mem, seg->near, addr, left, access))
		return;
	seg->near = guest_mem_guess(mem, addr);
	while (left && finds->count < finds->max) {
		size_t step;

		if (!guest_mem_dma(mem, addr, left, access, &step)) {
			if (!guest_mem_missed(mem))
				return;
			add_find(finds, &mem->iotlb->miss);
			step = IOTLB_PAGE - addr % IOTLB_PAGE;
		}
		if (step > left)
			step = left;
		addr += step;
		left -= step;
	}
}

unsigned int chain_misses(const struct chain *chain,
			  const struct guest_mem *mem,
			  struct iotlb_miss *misses, unsigned int max)
{
	struct finds finds = { .misses = misses, .max = max };
	struct chain_cursor last;
	size_t got;

	for (unsigned int i = 0; i < chain->readable + chain->writable; i++)
		search(&chain->segs[i],
		       i < chain->readable ? IOTLB_READ : IOTLB_WRITE, mem,
		       &finds);
	if (finds.count < max || !chain->write_len)
		return finds.count;
	/* The status goes there, so its translation is needed in any case. */
	chain_last(chain, &last);
	if (!cursor_at(&last, mem, 1, &got) && guest_mem_missed(mem))
		misses[max - 1] = mem->iotlb->miss;
	return max;
}
