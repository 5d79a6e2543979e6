/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packed virtqueues: virtio 1.4, section 2.8. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "virtio/ring/vring_layout.h"

/* SET_VRING_BASE: an index, and its wrap counter in the top bit */
#define BASE_INDEX 0x7fffu
#define BASE_WRAP  0x8000u

/* An entry of the ring, and the wrap counter of this round */
struct place {
	uint16_t index;
	bool wrap;
};

static struct virtq_packed_desc *desc_at(const struct vring *vring,
					 uint16_t index)
{
	struct virtq_packed_desc *ring = vring->areas.desc;

	return &ring[index];
}

/*
 * Marks what was written by its own address as well. No document says what the
 * log address of SET_VRING_ADDR means for a packed ring: DPDK takes it for that
 * of the descriptors, QEMU sends that of the device's event suppression.
 */
static void wrote(const struct vring *vring, const void *at, uint64_t len)
{
	if (vring->mem->log && vring->logged)
		guest_mem_log(vring->mem, at, len);
}

static struct place avail_place(const struct vring *vring)
{
	return (struct place){ vring->avail_idx, vring->avail_wrap };
}

static void set_avail_place(struct vring *vring, struct place place)
{
	vring->avail_idx = place.index;
	vring->avail_wrap = place.wrap;
}

/* Moves @place by @count entries, at most the size of the ring. */
static struct place forward(const struct vring *vring, struct place place,
			    uint16_t count)
{
	uint32_t index = (uint32_t)place.index + count;

	if (index >= vring->size) {
		index -= vring->size;
		place.wrap = !place.wrap;
	}
	place.index = (uint16_t)index;
	return place;
}

static int packed_start(struct vring *vring, uint32_t base)
{
	vring->avail_idx = base & BASE_INDEX;
	vring->avail_wrap = base & BASE_WRAP;
	vring->used_idx = base >> 16 & BASE_INDEX;
	vring->used_wrap = base >> 16 & BASE_WRAP;
	if (vring->avail_idx >= vring->size || vring->used_idx >= vring->size)
		return -EINVAL;
	return 0;
}

static uint32_t packed_base(const struct vring *vring)
{
	uint32_t avail = vring->avail_idx | (vring->avail_wrap ? BASE_WRAP : 0);
	uint32_t used = vring->used_idx | (vring->used_wrap ? BASE_WRAP : 0);

	return avail | used << 16;
}

/*
 * Returns true if the entry is available in the round of @place (2.8.1).
 * Acquire: pairs with the driver's store of the flags; the entry is visible.
 */
static bool is_available(const struct vring *vring, struct place place)
{
	uint16_t flags = le16toh(__atomic_load_n(
		&desc_at(vring, place.index)->flags, __ATOMIC_ACQUIRE));
	bool avail = flags & VIRTQ_PACKED_DESC_F_AVAIL;
	bool used = flags & VIRTQ_PACKED_DESC_F_USED;

	return avail == place.wrap && used != place.wrap;
}

static bool packed_is_empty(const struct vring *vring)
{
	return !is_available(vring, avail_place(vring));
}

/*
 * Reads an indirect table (2.8.7): all descriptors, in order. Not inline, as
 * other chains need none of the room that this does on the stack.
 */
__attribute__((noinline)) static int load_indirect(struct vring *vring,
						   struct chain *chain,
						   uint64_t addr, uint32_t len)
{
	uint32_t count = len / sizeof(struct virtq_packed_desc);

	if (!count || len % sizeof(struct virtq_packed_desc))
		return vring_broken(vring, "indirect table has a bad length");
	if (count > VIRTQ_MAX_SIZE)
		return vring_broken(vring, "descriptor chain is too long");

	for (uint32_t i = 0; i < count; i++) {
		struct virtq_packed_desc d;
		uint16_t flags;

		if (guest_mem_read(vring->mem, addr + i * sizeof(d), &d,
				   sizeof(d)) < 0)
			return vring_unreadable(vring);
		/* WRITE is the only valid flag. */
		flags = le16toh(d.flags);
		if (vring_append(vring, chain, le64toh(d.addr), le32toh(d.len),
				 flags) < 0)
			return -EPROTO;
	}
	return 0;
}

/*
 * Adds the entry at @place to @chain. Returns 1 if another one follows, 0 if
 * not, or a negative errno.
 */
static int load_entry(struct vring *vring, struct chain *chain,
		      struct place place)
{
	const struct virtq_packed_desc *d = desc_at(vring, place.index);
	uint64_t addr = le64toh(__atomic_load_n(&d->addr, __ATOMIC_RELAXED));
	uint32_t len = le32toh(__atomic_load_n(&d->len, __ATOMIC_RELAXED));
	uint16_t flags = vring_load16(&d->flags);
	int ret;

	/* The last descriptor of a chain has its id (2.8.6). */
	chain->head = vring_load16(&d->id);
	chain->ring_entries++;
	if (!(flags & VIRTQ_DESC_F_INDIRECT)) {
		ret = vring_append(vring, chain, addr, len, flags);
		return ret < 0 ? ret : !!(flags & VIRTQ_DESC_F_NEXT);
	}
	if (!vring->features.indirect)
		return vring_broken(vring,
				    "indirect descriptor was not negotiated");
	if (chain->ring_entries > 1 || flags & VIRTQ_DESC_F_NEXT)
		return vring_broken(vring, "indirect descriptor is in a chain");
	return load_indirect(vring, chain, addr, len);
}

static int packed_pop(struct vring *vring, struct chain *chain)
{
	struct place place = avail_place(vring);
	int more = 1;

	if (!is_available(vring, place))
		return 0;
	chain_reset(chain, 0);
	while (more) {
		if (chain->ring_entries == vring->size)
			return vring_broken(vring, "descriptors form a loop");
		more = load_entry(vring, chain, place);
		if (more < 0)
			return more;
		place = forward(vring, place, 1);
	}
	set_avail_place(vring, place);
	return 1;
}

static void packed_unpop(struct vring *vring, const struct chain *chain)
{
	struct place place = avail_place(vring);

	/* Back by n is forward by size - n, in the round before. */
	place = forward(vring, place,
			(uint16_t)(vring->size - chain->ring_entries));
	place.wrap = !place.wrap;
	set_avail_place(vring, place);
}

/*
 * Makes @d a used entry. Release: the driver that sees the flags sees buffers,
 * id and length. All three change in one store: if the process ended between
 * them, the next one would take the used length for that of the buffer.
 */
static void store_used(struct virtq_packed_desc *d, uint32_t len, uint16_t id,
		       uint16_t flags)
{
#if __GCC_ATOMIC_LLONG_LOCK_FREE == 2
	const struct virtq_packed_desc used = { 0, htole32(len), htole16(id),
						htole16(flags) };
	uint64_t __attribute__((may_alias)) *to = (void *)&d->len;
	uint64_t word;

	memcpy(&word,
	       (const uint8_t *)&used + offsetof(struct virtq_packed_desc, len),
	       sizeof(word));
	__atomic_store_n(to, word, __ATOMIC_RELEASE);
#else
	d->id = htole16(id);
	d->len = htole32(len);
	__atomic_store_n(&d->flags, htole16(flags), __ATOMIC_RELEASE);
#endif
}

static void packed_push(struct vring *vring, const struct chain *chain,
			uint32_t len)
{
	struct place place = { vring->used_idx, vring->used_wrap };
	struct virtq_packed_desc *d = desc_at(vring, place.index);
	uint16_t flags = len ? VIRTQ_DESC_F_WRITE : 0;

	if (place.wrap)
		flags |= VIRTQ_PACKED_DESC_F_AVAIL | VIRTQ_PACKED_DESC_F_USED;
	store_used(d, len, chain->head, flags);
	wrote(vring, d, sizeof(*d));
	vring_wrote(vring, d, place.index * sizeof(*d), sizeof(*d));

	place = forward(vring, place, chain->ring_entries);
	vring->used_idx = place.index;
	vring->used_wrap = place.wrap;
	/* One round passes every event. More would overflow 16 bits. */
	if (chain->ring_entries >= vring->size - vring->unheard)
		vring->unheard = vring->size;
	else
		vring->unheard += chain->ring_entries;
}

static bool packed_wants_call(const struct vring *vring)
{
	const struct virtq_event_suppress *driver = vring->areas.driver;
	uint16_t flags = vring_load16(&driver->flags) & VIRTQ_EVENT_FLAGS_MASK;
	uint16_t desc, event;

	if (flags != VIRTQ_EVENT_FLAGS_DESC || !vring->features.event_idx)
		return flags != VIRTQ_EVENT_FLAGS_DISABLE;

	/* The driver writes the event first, then the flags. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	desc = vring_load16(&driver->desc);
	event = desc & BASE_INDEX;
	/* An event of the previous round is before this one (2.8.10.1). */
	if (!!(desc & BASE_WRAP) != vring->used_wrap)
		event = (uint16_t)(event - vring->size);
	return vring->call_first ||
	       vring_passed(event, vring->used_idx, vring->unheard);
}

static void packed_enable_kick(struct vring *vring)
{
	struct virtq_event_suppress *device = vring->areas.device;

	if (!vring->features.event_idx) {
		vring_store16(&device->flags, VIRTQ_EVENT_FLAGS_ENABLE);
		wrote(vring, device, sizeof(*device));
		return;
	}
	vring_store16(&device->desc,
		      (uint16_t)(vring->avail_idx |
				 (vring->avail_wrap ? BASE_WRAP : 0)));
	/* Release: the driver that sees these flags sees this event. */
	__atomic_store_n(&device->flags, htole16(VIRTQ_EVENT_FLAGS_DESC),
			 __ATOMIC_RELEASE);
	wrote(vring, device, sizeof(*device));
}

static void packed_disable_kick(struct vring *vring)
{
	struct virtq_event_suppress *device = vring->areas.device;

	vring_store16(&device->flags, VIRTQ_EVENT_FLAGS_DISABLE);
	wrote(vring, device, sizeof(*device));
}

/*
 * Counts the chains in the available entries of one round. A chain whose last
 * entry is not available counts: packed_pop() takes it or reports an error.
 */
static uint16_t packed_pending(const struct vring *vring)
{
	struct place place = avail_place(vring);
	bool inside = false;
	uint16_t chains = 0;

	for (uint32_t i = 0; i < vring->size; i++) {
		if (!is_available(vring, place))
			break;
		if (!inside)
			chains++;
		inside = vring_load16(&desc_at(vring, place.index)->flags) &
			 VIRTQ_DESC_F_NEXT;
		place = forward(vring, place, 1);
	}
	return chains;
}

const struct vring_layout vring_packed = {
	.start = packed_start,
	.base = packed_base,
	.pop = packed_pop,
	.unpop = packed_unpop,
	.push = packed_push,
	.wants_call = packed_wants_call,
	.enable_kick = packed_enable_kick,
	.disable_kick = packed_disable_kick,
	.pending = packed_pending,
	.is_empty = packed_is_empty,
};
