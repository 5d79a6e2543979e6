/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The inflight region of a packed ring: copies of the descriptors, in lists.
 * A request's life, with what is found after an end behind each line:
 *
 *	desc[e], one for each descriptor
 *	desc[e].inflight = 1
 *	free_head behind them		not begun: e is in the old free list
 *	old_free_head = free_head	not begun
 *	(effects; status and data)	unknown
 *	e back to the free list
 *	used_idx, used_wrap moved	unknown: not used, moved back
 *	the ring's descriptor used	unknown
 *	desc[e].inflight = 0		used: e is in the free list
 *	old_free_head = free_head
 *	old_used_idx, _wrap moved	used
 */
#include <endian.h>
#include <errno.h>

#include "vhost/ring/inflight_layout.h"
#include "virtio/ring/virtio_wire.h"

/* SET_VRING_BASE: an index and, in its top bit, its wrap counter. */
#define BASE_INDEX 0x7fffu
#define BASE_WRAP  0x8000u

/* Returns an entry for any @index that the region may contain. */
static struct inflight_packed_desc *entry_at(const struct inflight *f,
					     uint16_t index)
{
	struct inflight_packed *region = f->region;

	return &region->desc[index < f->desc_num ? index : 0];
}

static union inflight_places load_places(const struct inflight *f)
{
	struct inflight_packed *region = f->region;
	union inflight_places *p = &region->places;

	return (union inflight_places){ {
		.used_idx = inflight_load(&p->used_idx),
		.old_used_idx = inflight_load(&p->old_used_idx),
		.used_wrap = inflight_load(&p->used_wrap),
		.old_used_wrap = inflight_load(&p->old_used_wrap),
	} };
}

/*
 * Stores all in one access: an index with the wrap counter of another would be
 * a place that the ring has passed.
 */
static void store_places(struct inflight *f, union inflight_places places)
{
	struct inflight_packed *region = f->region;
	union inflight_places *p = &region->places;

#if __GCC_ATOMIC_LLONG_LOCK_FREE == 2
	inflight_store(&p->word, places.word);
#else
	/* Without such an access, the window is three instructions long. */
	inflight_store(&p->used_wrap, places.used_wrap);
	inflight_store(&p->old_used_wrap, places.old_used_wrap);
	inflight_store(&p->used_idx, places.used_idx);
	inflight_store(&p->old_used_idx, places.old_used_idx);
#endif
}

static void set_places(struct inflight *f, uint16_t used_idx, bool wrap)
{
	store_places(f, (union inflight_places){ {
				.used_idx = used_idx,
				.old_used_idx = used_idx,
				.used_wrap = wrap,
				.old_used_wrap = wrap,
			} });
}

void inflight_packed_restart(struct inflight *f, uint32_t used)
{
	struct inflight_packed *region = f->region;

	for (uint16_t i = 0; i < f->desc_num; i++) {
		inflight_store(&region->desc[i].inflight, 0);
		inflight_store(&region->desc[i].deaths, 0);
		/* The last entry's is no entry: the end of the list. */
		inflight_store(&region->desc[i].next, (uint16_t)(i + 1));
	}
	inflight_store(&region->free_head, 0);
	inflight_store(&region->old_free_head, 0);
	set_places(f, used & BASE_INDEX, used & BASE_WRAP);
}

/* Returns true if the descriptor at the old place was used. */
static bool was_used(const struct vring *vring, union inflight_places places)
{
	const struct virtq_packed_desc *ring = vring->areas.desc;
	uint16_t flags;
	bool avail, used;

	if (places.old_used_idx >= vring->size)
		return false;
	flags = le16toh(__atomic_load_n(&ring[places.old_used_idx].flags,
					__ATOMIC_RELAXED));
	avail = flags & VIRTQ_PACKED_DESC_F_AVAIL;
	used = flags & VIRTQ_PACKED_DESC_F_USED;
	return !(avail == places.old_used_wrap && used != places.old_used_wrap);
}

/* Completes the push that a crash interrupted, or takes it back. */
static void settle(struct inflight *f, const struct vring *vring)
{
	struct inflight_packed *region = f->region;
	union inflight_places places = load_places(f);
	bool moving = places.used_idx != places.old_used_idx ||
		      places.used_wrap != places.old_used_wrap;

	if (moving && was_used(vring, places)) {
		inflight_store(&region->old_free_head,
			       inflight_load(&region->free_head));
		set_places(f, places.used_idx, places.used_wrap);
	} else {
		inflight_store(&region->free_head,
			       inflight_load(&region->old_free_head));
		set_places(f, places.old_used_idx, places.old_used_wrap);
	}
}

static void clear_free_list(struct inflight *f)
{
	struct inflight_packed *region = f->region;
	uint16_t index = inflight_load(&region->free_head);

	for (uint16_t i = 0; i < f->desc_num && index < f->desc_num; i++) {
		inflight_store(&region->desc[index].inflight, 0);
		index = inflight_load(&region->desc[index].next);
	}
}

/* SET_VRING_BASE does not count: see inflight_split_resume(). */
int inflight_packed_resume(struct inflight *f, const struct vring *vring,
			   uint32_t *base)
{
	struct inflight_packed *region = f->region;
	union inflight_places places;

	if (inflight_load(&region->version) != INFLIGHT_VERSION)
		return 0;
	settle(f, vring);
	clear_free_list(f);
	for (uint16_t i = 0; i < f->desc_num; i++) {
		uint64_t counter = inflight_load(&region->desc[i].counter);

		if (inflight_load(&region->desc[i].inflight) != 1)
			continue;
		f->lost++;
		if (counter >= f->counter)
			f->counter = counter + 1;
	}
	places = load_places(f);
	if (places.used_idx >= vring->size || f->lost > vring->size)
		return -EINVAL;
	*base = places.used_idx | (places.used_wrap ? BASE_WRAP : 0);
	*base |= *base << 16;
	return 1;
}

/* Finds the entry of the request that was popped: the oldest marked one. */
void inflight_packed_popped(struct inflight *f)
{
	struct inflight_packed *region = f->region;
	uint64_t oldest = UINT64_MAX;

	f->entry = 0;
	for (uint16_t i = 0; i < f->desc_num; i++) {
		uint64_t counter = inflight_load(&region->desc[i].counter);

		if (inflight_load(&region->desc[i].inflight) != 1 ||
		    counter > oldest)
			continue;
		oldest = counter;
		f->entry = i;
	}
}

/* Copies the descriptors of the chain, from the ring's next used place on. */
static void copy_chain(struct inflight *f, const struct vring *vring,
		       const struct chain *chain)
{
	const struct virtq_packed_desc *ring = vring->areas.desc;
	struct inflight_packed *region = f->region;
	struct inflight_packed_desc *head = entry_at(f, f->entry);
	uint16_t index = f->entry;

	for (uint16_t i = 0; i < chain->ring_entries; i++) {
		struct inflight_packed_desc *to = entry_at(f, index);
		const struct virtq_packed_desc *d =
			&ring[((uint32_t)vring->used_idx + i) % vring->size];

		inflight_store(&to->addr, le64toh(inflight_load(&d->addr)));
		inflight_store(&to->len, le32toh(inflight_load(&d->len)));
		inflight_store(&to->flags, le16toh(inflight_load(&d->flags)));
		inflight_store(&to->id, le16toh(inflight_load(&d->id)));
		inflight_store(&head->last, index);
		inflight_store(&head->num, (uint16_t)(i + 1));
		index = inflight_load(&to->next);
	}
	inflight_store(&region->free_head, index);
}

void inflight_packed_begin(struct inflight *f, const struct vring *vring,
			   const struct chain *chain)
{
	struct inflight_packed *region = f->region;
	struct inflight_packed_desc *head;

	f->entry = inflight_load(&region->old_free_head);
	if (f->entry >= f->desc_num)
		f->entry = 0;
	head = entry_at(f, f->entry);
	inflight_store(&head->num, 0);
	inflight_store(&head->counter, f->counter++);
	inflight_store(&head->inflight, 1);
	copy_chain(f, vring, chain);
	/* From here on the entry is no longer in the free list. */
	inflight_store(&region->old_free_head,
		       inflight_load(&region->free_head));
}

/* Returns where the ring is used up to once @chain is. */
static union inflight_places move_places(const struct inflight *f,
					 const struct vring *vring,
					 const struct chain *chain)
{
	union inflight_places places = load_places(f);
	uint32_t index = (uint32_t)vring->used_idx + chain->ring_entries;
	bool wraps = index >= vring->size;

	places.old_used_idx = vring->used_idx;
	places.old_used_wrap = vring->used_wrap;
	places.used_idx = (uint16_t)(wraps ? index - vring->size : index);
	places.used_wrap = vring->used_wrap != wraps;
	return places;
}

void inflight_packed_push(struct inflight *f, struct vring *vring,
			  const struct chain *chain, uint32_t len)
{
	struct inflight_packed *region = f->region;
	struct inflight_packed_desc *head = entry_at(f, f->entry);

	if (f->begun) {
		inflight_store(&entry_at(f, inflight_load(&head->last))->next,
			       inflight_load(&region->free_head));
		inflight_store(&region->free_head, f->entry);
	}
	/*
	 * Before the descriptor is used: a recovery that finds two different
	 * places looks at it to tell which one is valid.
	 */
	store_places(f, move_places(f, vring, chain));
	vring_push(vring, chain, len);
	/*
	 * After it. Otherwise, after a crash, a request that was begun would be
	 * neither marked nor used, and would run again.
	 */
	if (f->begun)
		inflight_store(&head->inflight, 0);
	inflight_store(&region->old_free_head,
		       inflight_load(&region->free_head));
	/* Last: until then a recovery looks at the descriptor again. */
	set_places(f, vring->used_idx, vring->used_wrap);
}
