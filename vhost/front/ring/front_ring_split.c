/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Split virtqueues: virtio 1.4, section 2.7. */
#include <endian.h>
#include <stddef.h>

#include "vhost/front/ring/front_ring_layout.h"

static struct front_ring_bytes split_bytes(uint16_t size)
{
	/* An event field follows each of the two rings. */
	return (struct front_ring_bytes){
		.desc = sizeof(struct virtq_desc) * size,
		.avail = sizeof(struct virtq_avail) +
			 sizeof(uint16_t) * (size + 1u),
		.used = sizeof(struct virtq_used) +
			sizeof(struct virtq_used_elem) * size +
			sizeof(uint16_t),
	};
}

/* used_event follows the available ring. The driver writes it. */
static uint16_t *used_event(const struct front_ring *ring)
{
	return &ring->avail->ring[ring->size];
}

/* avail_event follows the used ring. The device writes it. */
static const uint16_t *avail_event(const struct front_ring *ring)
{
	return (const void *)&ring->used->ring[ring->size];
}

static void split_init(struct front_ring *ring, void *desc, void *avail,
		       void *used, uint32_t base)
{
	uint16_t index = base;

	ring->desc = desc;
	ring->avail = avail;
	ring->used = used;
	ring->avail->idx = htole16(index);
	ring->used->idx = htole16(index);
	ring->added = ring->published = ring->kicked = ring->taken = index;
	for (uint16_t i = 0; i < ring->size; i++)
		ring->desc[i].next = htole16(i + 1);
	ring->free_head = 0;
}

static void desc_fill(struct virtq_desc *desc, const struct front_segment *seg,
		      uint16_t flags, uint16_t next)
{
	desc->addr = htole64(seg->addr);
	desc->len = htole32(seg->len);
	desc->flags = htole16(flags);
	desc->next = htole16(next);
}

static void split_fill_table(void *table, const struct front_segment *segs,
			     unsigned int count)
{
	const struct front_chain chain = { .count = count };
	struct virtq_desc *desc = table;
	struct front_segment seg;
	uint16_t flags;

	for (unsigned int i = 0; i < count; i++) {
		flags = front_ring_entry(segs, &chain, i, &seg);
		desc_fill(&desc[i], &seg, flags, i + 1);
	}
}

static uint16_t split_add(struct front_ring *ring,
			  const struct front_segment *segs,
			  const struct front_chain *chain)
{
	uint16_t head = ring->free_head, at = head;
	struct front_segment seg;
	uint16_t flags, next;

	for (unsigned int i = 0; i < chain->count; i++) {
		flags = front_ring_entry(segs, chain, i, &seg);
		next = le16toh(ring->desc[at].next);
		desc_fill(&ring->desc[at], &seg, flags, next);
		at = next;
	}
	ring->free_head = at;
	front_ring_push(ring, head);
	return head;
}

void front_ring_push(struct front_ring *ring, uint16_t head)
{
	ring->avail->ring[ring->added++ % ring->size] = htole16(head);
}

static void split_publish(struct front_ring *ring)
{
	/* The device must see descriptors and heads before the index. */
	__atomic_store_n(&ring->avail->idx, htole16(ring->added),
			 __ATOMIC_RELEASE);
}

static bool split_wants_kick(const struct front_ring *ring)
{
	uint16_t event, flags;

	if (!ring->event_idx) {
		flags = le16toh(
			__atomic_load_n(&ring->used->flags, __ATOMIC_RELAXED));
		return !(flags & VIRTQ_USED_F_NO_NOTIFY);
	}
	event = le16toh(__atomic_load_n(avail_event(ring), __ATOMIC_RELAXED));
	return (uint16_t)(ring->published - event - 1) <
	       (uint16_t)(ring->published - ring->kicked);
}

static void split_want_call(struct front_ring *ring, uint16_t place)
{
	__atomic_store_n(&ring->avail->flags, 0, __ATOMIC_RELAXED);
	if (ring->event_idx)
		__atomic_store_n(used_event(ring), htole16(place),
				 __ATOMIC_RELAXED);
}

static void split_want_no_call(struct front_ring *ring)
{
	if (ring->event_idx) /* an index as far away as possible */
		split_want_call(ring, ring->taken + 0x8000);
	else
		__atomic_store_n(&ring->avail->flags,
				 htole16(VIRTQ_AVAIL_F_NO_INTERRUPT),
				 __ATOMIC_RELAXED);
}

static uint16_t split_used_idx(const struct front_ring *ring)
{
	/* Acquire: elements and buffers are read after the index. */
	return le16toh(__atomic_load_n(&ring->used->idx, __ATOMIC_ACQUIRE));
}

static bool split_has_used(const struct front_ring *ring)
{
	return split_used_idx(ring) != ring->taken;
}

static uint16_t split_place_after(const struct front_ring *ring, uint16_t place,
				  uint32_t count)
{
	(void)ring;
	return place + count;
}

static void split_take(struct front_ring *ring, struct virtq_used_elem *elem)
{
	const struct virtq_used_elem *from =
		&ring->used->ring[ring->taken++ % ring->size];

	elem->id = le32toh(from->id);
	elem->len = le32toh(from->len);
}

static void split_free(struct front_ring *ring, uint16_t head)
{
	uint16_t last = head;

	/* The links are still those of the free list before split_add(). */
	for (uint16_t i = 1; i < ring->chains[head].count; i++)
		last = le16toh(ring->desc[last].next);
	ring->desc[last].next = htole16(ring->free_head);
	ring->free_head = head;
}

const struct front_ring_layout front_ring_split = {
	.bytes = split_bytes,
	.desc_bytes = sizeof(struct virtq_desc),
	.init = split_init,
	.fill_table = split_fill_table,
	.add = split_add,
	.publish = split_publish,
	.wants_kick = split_wants_kick,
	.want_call = split_want_call,
	.want_no_call = split_want_no_call,
	.used_idx = split_used_idx,
	.has_used = split_has_used,
	.place_after = split_place_after,
	.take = split_take,
	.free = split_free,
};
