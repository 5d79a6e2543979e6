/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packed virtqueues: virtio 1.4, section 2.8. */
#include <endian.h>
#include <stddef.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include "vhost/front/ring/front_ring_layout.h"

#define PLACE_INDEX 0x7fffu
#define PLACE_WRAP  0x8000u

static struct front_ring_bytes packed_bytes(uint16_t size)
{
	return (struct front_ring_bytes){
		.desc = sizeof(struct virtq_packed_desc) * size,
		.avail = sizeof(struct virtq_event_suppress),
		.used = sizeof(struct virtq_event_suppress),
	};
}

/*
 * Numbers the places of two rounds, after which they repeat. The round with
 * wrap counter 1 comes first.
 */
static uint32_t number_of(const struct front_ring *ring, uint16_t place)
{
	uint32_t index = place & PLACE_INDEX;

	return place & PLACE_WRAP ? index : ring->size + index;
}

static uint16_t place_after(const struct front_ring *ring, uint16_t place,
			    uint32_t count)
{
	uint32_t size = ring->size;
	uint32_t number = (number_of(ring, place) + count) % (2 * size);

	return number < size ? PLACE_WRAP | number : number - size;
}

/* Returns the number of entries from @from to @to. */
static uint32_t distance(const struct front_ring *ring, uint16_t from,
			 uint16_t to)
{
	return (number_of(ring, to) + 2u * ring->size - number_of(ring, from)) %
	       (2u * ring->size);
}

static struct virtq_packed_desc *entry_at(const struct front_ring *ring,
					  uint16_t place)
{
	return &ring->entries[place & PLACE_INDEX];
}

static void packed_init(struct front_ring *ring, void *desc, void *avail,
			void *used, uint32_t base)
{
	ring->entries = desc;
	ring->driver_event = avail;
	ring->device_event = used;
	ring->added = ring->published = ring->kicked = base & 0xffff;
	ring->taken = base >> 16;
	/* Ids count down, so that a device that takes one for an index fails.
	 */
	ring->free_head = ring->size - 1;
}

static void packed_fill_table(void *table, const struct front_segment *segs,
			      unsigned int count)
{
	struct virtq_packed_desc *desc = table;

	/* No flag but WRITE is valid in a table (2.8.7). */
	for (unsigned int i = 0; i < count; i++)
		desc[i] = (struct virtq_packed_desc){
			.addr = htole64(segs[i].addr),
			.len = htole32(segs[i].len),
			.flags =
				htole16(segs[i].write ? VIRTQ_DESC_F_WRITE : 0),
		};
}

void front_ring_put(struct front_ring *ring,
		    const struct virtq_packed_desc *entry)
{
	struct virtq_packed_desc *to = entry_at(ring, ring->added);
	uint16_t flags = le16toh(entry->flags);

	flags &= ~(VIRTQ_PACKED_DESC_F_AVAIL | VIRTQ_PACKED_DESC_F_USED);
	flags |= ring->added & PLACE_WRAP ? VIRTQ_PACKED_DESC_F_AVAIL
					  : VIRTQ_PACKED_DESC_F_USED;
	to->addr = entry->addr;
	to->len = entry->len;
	to->id = entry->id;
	/*
	 * Hold back the flags of the first new entry: the device reads no
	 * further until that one is available.
	 */
	if (ring->added == ring->published)
		ring->held_flags = flags;
	else
		to->flags = htole16(flags);
	ring->added = place_after(ring, ring->added, 1);
}

static uint16_t next_id(struct front_ring *ring)
{
	uint16_t id;

	do {
		id = ring->free_head;
		ring->free_head = id ? id - 1 : ring->size - 1;
	} while (ring->chains[id].count);
	return id;
}

static uint16_t packed_add(struct front_ring *ring,
			   const struct front_segment *segs,
			   const struct front_chain *chain)
{
	uint16_t id = next_id(ring);
	struct front_segment seg;
	uint16_t flags;

	for (unsigned int i = 0; i < chain->count; i++) {
		flags = front_ring_entry(segs, chain, i, &seg);
		/* Only the id of the last descriptor is valid. */
		front_ring_put(
			ring,
			&(struct virtq_packed_desc){
				.addr = htole64(seg.addr),
				.len = htole32(seg.len),
				.id = htole16(i + 1 < chain->count ? ~id : id),
				.flags = htole16(flags),
			});
	}
	return id;
}

static void packed_publish(struct front_ring *ring)
{
	if (ring->added == ring->published)
		return;
	/* Release: the device that sees these flags sees all the rest. */
	__atomic_store_n(&entry_at(ring, ring->published)->flags,
			 htole16(ring->held_flags), __ATOMIC_RELEASE);
}

static bool packed_wants_kick(const struct front_ring *ring)
{
	const struct virtq_event_suppress *event = ring->device_event;
	uint16_t flags, place;

	/* Acquire: the flags say whether ->desc is valid. Read them first. */
	flags = le16toh(__atomic_load_n(&event->flags, __ATOMIC_ACQUIRE)) &
		VIRTQ_EVENT_FLAGS_MASK;
	if (flags != VIRTQ_EVENT_FLAGS_DESC || !ring->event_idx)
		return flags != VIRTQ_EVENT_FLAGS_DISABLE;
	place = le16toh(__atomic_load_n(&event->desc, __ATOMIC_RELAXED));
	return distance(ring, ring->kicked, place) <
	       distance(ring, ring->kicked, ring->published);
}

static void packed_want_call(struct front_ring *ring, uint16_t place)
{
	uint16_t flags = VIRTQ_EVENT_FLAGS_ENABLE;

	if (ring->event_idx) {
		flags = VIRTQ_EVENT_FLAGS_DESC;
		__atomic_store_n(&ring->driver_event->desc, htole16(place),
				 __ATOMIC_RELAXED);
	}
	/* Release: the device that sees these flags sees this place. */
	__atomic_store_n(&ring->driver_event->flags, htole16(flags),
			 __ATOMIC_RELEASE);
}

static void packed_want_no_call(struct front_ring *ring)
{
	__atomic_store_n(&ring->driver_event->flags,
			 htole16(VIRTQ_EVENT_FLAGS_DISABLE), __ATOMIC_RELAXED);
}

/*
 * Call this only for published places: others, left from the previous round or
 * zeroed, may look used.
 */
static bool is_used(const struct front_ring *ring, uint16_t place)
{
	/* Acquire: the entry and the buffers are read after the flags. */
	uint16_t flags = le16toh(__atomic_load_n(&entry_at(ring, place)->flags,
						 __ATOMIC_ACQUIRE));
	bool avail = flags & VIRTQ_PACKED_DESC_F_AVAIL;
	bool used = flags & VIRTQ_PACKED_DESC_F_USED;
	bool wrap = place & PLACE_WRAP;

#ifdef __SANITIZE_THREAD__
	/* It knows a back end's store of 8 bytes by its address. */
	__tsan_acquire(&entry_at(ring, place)->len);
#endif
	return avail == wrap && used == wrap;
}

/* Returns how many entries the buffer of the used entry at @place has. */
static uint16_t count_at(const struct front_ring *ring, uint16_t place)
{
	uint16_t id = le16toh(entry_at(ring, place)->id);

	/* Skip one entry if the buffer is unknown. */
	if (id >= ring->size || !ring->chains[id].count)
		return 1;
	return ring->chains[id].count;
}

/*
 * How many entries the buffer has that is used at @place, of the @left ones
 * that were published from there on: 0 if there is none.
 */
static uint16_t used_at(const struct front_ring *ring, uint16_t place,
			uint32_t left)
{
	uint16_t count;

	if (!left || !is_used(ring, place))
		return 0;
	count = count_at(ring, place);
	return count > left ? 0 : count;
}

static uint16_t packed_used_idx(const struct front_ring *ring)
{
	uint32_t left = distance(ring, ring->taken, ring->published);
	uint16_t place = ring->taken;
	uint16_t count;

	while ((count = used_at(ring, place, left))) {
		place = place_after(ring, place, count);
		left -= count;
	}
	return place;
}

static bool packed_has_used(const struct front_ring *ring)
{
	return used_at(ring, ring->taken,
		       distance(ring, ring->taken, ring->published));
}

static void packed_take(struct front_ring *ring, struct virtq_used_elem *elem)
{
	const struct virtq_packed_desc *entry = entry_at(ring, ring->taken);
	uint16_t flags = le16toh(entry->flags);

	elem->id = le16toh(entry->id);
	/* Without WRITE the length is reserved (2.8.5). */
	elem->len = flags & VIRTQ_DESC_F_WRITE ? le32toh(entry->len) : 0;
	ring->taken =
		place_after(ring, ring->taken, count_at(ring, ring->taken));
}

static void packed_free(struct front_ring *ring, uint16_t id)
{
	/* Nothing to do: a count of 0 marks the id as free. */
	(void)ring;
	(void)id;
}

const struct front_ring_layout front_ring_packed = {
	.bytes = packed_bytes,
	.desc_bytes = sizeof(struct virtq_packed_desc),
	.init = packed_init,
	.fill_table = packed_fill_table,
	.add = packed_add,
	.publish = packed_publish,
	.wants_kick = packed_wants_kick,
	.want_call = packed_want_call,
	.want_no_call = packed_want_no_call,
	.used_idx = packed_used_idx,
	.has_used = packed_has_used,
	.place_after = place_after,
	.take = packed_take,
	.free = packed_free,
};
