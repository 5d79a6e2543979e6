/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The inflight region of a split ring. A request's life, with what is found
 * after an end behind each line:
 *
 *	desc[head].counter = n
 *	desc[head].inflight = 1		not begun
 *	(effects; status and data)	unknown
 *	desc[head].next = last_batch_head
 *	last_batch_head = head		unknown
 *	used ring's idx + 1		unknown
 *	desc[head].inflight = 0		used: idx is one more than used_idx,
 *	used_idx = used ring's idx	and last_batch_head tells whose it was
 */
#include <endian.h>
#include <errno.h>

#include "vhost/ring/inflight_layout.h"
#include "virtio/ring/virtio_wire.h"

uint16_t inflight_split_used(const struct vring *vring)
{
	const struct virtq_used *used = vring->areas.device;

	return le16toh(__atomic_load_n(&used->idx, __ATOMIC_RELAXED));
}

static uint16_t ring_avail_idx(const struct vring *vring)
{
	const struct virtq_avail *avail = vring->areas.driver;

	return le16toh(__atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE));
}

static uint16_t ring_avail_head(const struct vring *vring, uint16_t index)
{
	const struct virtq_avail *avail = vring->areas.driver;

	return le16toh(__atomic_load_n(&avail->ring[index & (vring->size - 1)],
				       __ATOMIC_RELAXED));
}

static bool is_inflight(const struct inflight *f, uint16_t head)
{
	const struct inflight_split *region = f->region;

	return head < f->desc_num &&
	       inflight_load(&region->desc[head].inflight) == 1;
}

static void clear(struct inflight *f, uint16_t head)
{
	struct inflight_split *region = f->region;

	inflight_store(&region->desc[head].inflight, 0);
}

void inflight_split_restart(struct inflight *f, uint32_t used)
{
	struct inflight_split *region = f->region;

	for (uint16_t i = 0; i < f->desc_num; i++) {
		clear(f, i);
		inflight_store(&region->desc[i].deaths, 0);
	}
	inflight_store(&region->last_batch_head, 0);
	inflight_store(&region->used_idx, (uint16_t)used);
}

/*
 * Completes the push of the last batch, of @count requests, which are used but
 * may still be marked.
 */
static void end_batch(struct inflight *f, uint16_t used_idx, uint16_t count)
{
	struct inflight_split *region = f->region;
	uint16_t head = inflight_load(&region->last_batch_head);

	for (; count && head < f->desc_num; count--) {
		clear(f, head);
		head = inflight_load(&region->desc[head].next);
	}
	/* After the marks, which would otherwise never be cleared. */
	inflight_store(&region->used_idx, used_idx);
}

/* Returns how many requests are marked; ->counter follows the last one's. */
static uint32_t count_marks(struct inflight *f)
{
	const struct inflight_split *region = f->region;
	uint32_t count = 0;

	for (uint16_t i = 0; i < f->desc_num; i++) {
		uint64_t counter = inflight_load(&region->desc[i].counter);

		if (!is_inflight(f, i))
			continue;
		count++;
		if (counter >= f->counter)
			f->counter = counter + 1;
	}
	return count;
}

/* Returns how many of the ring's next requests are marked, without a gap. */
static uint32_t count_next(const struct inflight *f, const struct vring *vring,
			   uint16_t used_idx)
{
	uint16_t pending = (uint16_t)(ring_avail_idx(vring) - used_idx);
	uint16_t count = 0;

	while (count < pending && count < vring->size &&
	       is_inflight(
		       f, ring_avail_head(vring, (uint16_t)(used_idx + count))))
		count++;
	return count;
}

/*
 * SET_VRING_BASE does not count: front ends send the avail index here, and the
 * requests in the ring that were not begun would be lost.
 */
int inflight_split_resume(struct inflight *f, const struct vring *vring,
			  uint32_t *base)
{
	struct inflight_split *region = f->region;
	uint16_t used_idx = inflight_split_used(vring);
	uint16_t batch =
		(uint16_t)(used_idx - inflight_load(&region->used_idx));
	uint32_t marks;

	*base = used_idx;
	/* The ring was reset since: the region is not about it. */
	if (inflight_load(&region->version) != INFLIGHT_VERSION ||
	    batch > f->desc_num)
		return 0;
	if (batch)
		end_batch(f, used_idx, batch);
	marks = count_marks(f);
	/* More are marked than the ring has: it was reset since. */
	if (marks > (uint16_t)(ring_avail_idx(vring) - used_idx))
		return 0;
	/* Gaps are of a back end that completes requests out of order. */
	if (marks != count_next(f, vring, used_idx))
		return -EINVAL;
	f->lost = (uint16_t)marks;
	return 1;
}

void inflight_split_begin(struct inflight *f, const struct chain *chain)
{
	struct inflight_split *region = f->region;

	inflight_store(&region->desc[chain->head].counter, f->counter++);
	inflight_store(&region->desc[chain->head].inflight, 1);
}

void inflight_split_push(struct inflight *f, struct vring *vring,
			 const struct chain *chain, uint32_t len)
{
	struct inflight_split *region = f->region;
	uint16_t head = chain->head;

	inflight_store(&region->desc[head].next,
		       inflight_load(&region->last_batch_head));
	/*
	 * Before the used index moves. Otherwise, after a crash, nothing would
	 * tell whose mark is void, and a used request would be used again.
	 */
	inflight_store(&region->last_batch_head, head);
	vring_push(vring, chain, len);
	/*
	 * After it. Otherwise, after a crash, a request that was begun would be
	 * neither marked nor used, and would run again.
	 */
	clear(f, head);
	/* Last: until then a recovery clears the mark again. */
	inflight_store(&region->used_idx, vring->used_idx);
}
