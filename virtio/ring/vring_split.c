/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Split virtqueues: virtio 1.4, section 2.7. */
#include <errno.h>
#include <stddef.h>

#include "virtio/ring/vring_layout.h"

static struct virtq_avail *avail_ring(const struct vring *vring)
{
	return vring->areas.driver;
}

static struct virtq_used *used_ring(const struct vring *vring)
{
	return vring->areas.device;
}

/* Marks @len bytes that the device wrote at @at, in the used ring. */
static void wrote(const struct vring *vring, const void *at, size_t len)
{
	vring_wrote(vring, at,
		    (uint64_t)((const uint8_t *)at -
			       (const uint8_t *)used_ring(vring)),
		    len);
}

static void store_logged(const struct vring *vring, uint16_t *p, uint16_t value)
{
	vring_store16(p, value);
	wrote(vring, p, sizeof(*p));
}

static int split_start(struct vring *vring, uint32_t base)
{
	if (base > UINT16_MAX)
		return -EINVAL;
	vring->avail_idx = (uint16_t)base;
	vring->used_idx = vring_load16(&used_ring(vring)->idx);
	return 0;
}

static uint32_t split_base(const struct vring *vring)
{
	return vring->avail_idx;
}

static uint16_t split_pending(const struct vring *vring)
{
	/* Acquire: pairs with the driver's store; its entries are visible. */
	uint16_t idx = le16toh(
		__atomic_load_n(&avail_ring(vring)->idx, __ATOMIC_ACQUIRE));

	return (uint16_t)(idx - vring->avail_idx);
}

static bool split_is_empty(const struct vring *vring)
{
	return !split_pending(vring);
}

/* Reads a descriptor of the ring's own table, in host byte order. */
static struct virtq_desc load_desc(const struct vring *vring, uint16_t index)
{
	const struct virtq_desc *table = vring->areas.desc;
	const struct virtq_desc *d = &table[index];

	return (struct virtq_desc){
		.addr = le64toh(__atomic_load_n(&d->addr, __ATOMIC_RELAXED)),
		.len = le32toh(__atomic_load_n(&d->len, __ATOMIC_RELAXED)),
		.flags = vring_load16(&d->flags),
		.next = vring_load16(&d->next),
	};
}

/*
 * Reads an indirect table (2.7.5.3), one descriptor at a time and by bytes: it
 * can be unaligned and cross regions. The WRITE flag of the descriptor that
 * refers to the table is ignored. Not inline, as other chains need none of the
 * room that this does on the stack.
 */
__attribute__((noinline)) static int
load_indirect(struct vring *vring, struct chain *chain, struct virtq_desc table)
{
	uint32_t count = table.len / sizeof(struct virtq_desc);
	uint32_t index = 0;

	if (!count || table.len % sizeof(struct virtq_desc))
		return vring_broken(vring, "indirect table has a bad length");

	for (uint32_t seen = 0; seen < count; seen++) {
		struct virtq_desc d;
		uint16_t flags;

		/* A loop in a table of 4 GiB would take seconds. */
		if (seen == VIRTQ_MAX_SIZE)
			return vring_broken(vring,
					    "descriptor chain is too long");
		if (guest_mem_read(vring->mem, table.addr + index * sizeof(d),
				   &d, sizeof(d)) < 0)
			return vring_unreadable(vring);
		flags = le16toh(d.flags);
		if (flags & VIRTQ_DESC_F_INDIRECT)
			return vring_broken(vring, "indirect table is nested");
		if (vring_append(vring, chain, le64toh(d.addr), le32toh(d.len),
				 flags) < 0)
			return -EPROTO;
		if (!(flags & VIRTQ_DESC_F_NEXT))
			return 0;
		index = le16toh(d.next);
		if (index >= count)
			return vring_broken(vring,
					    "descriptor is out of its table");
	}
	return vring_broken(vring, "descriptors form a loop");
}

static int load_chain(struct vring *vring, struct chain *chain)
{
	uint16_t index = chain->head;

	for (uint32_t seen = 0; seen < vring->size; seen++) {
		struct virtq_desc d = load_desc(vring, index);

		if (d.flags & VIRTQ_DESC_F_INDIRECT) {
			if (!vring->features.indirect)
				return vring_broken(
					vring,
					"indirect descriptor was not negotiated");
			if (d.flags & VIRTQ_DESC_F_NEXT)
				return vring_broken(
					vring,
					"indirect descriptor has a next one");
			return load_indirect(vring, chain, d);
		}
		if (vring_append(vring, chain, d.addr, d.len, d.flags) < 0)
			return -EPROTO;
		if (!(d.flags & VIRTQ_DESC_F_NEXT))
			return 0;
		index = d.next;
		if (index >= vring->size)
			return vring_broken(vring,
					    "descriptor is out of its table");
	}
	return vring_broken(vring, "descriptors form a loop");
}

/*
 * Prefetches the descriptor of the chain at @slot of the avail ring, which is
 * taken next. The driver's processor wrote it, so that to read it takes a few
 * percent of a request's time: this way, it takes them while the present
 * request is done. An entry that is wrong is refused when it is taken.
 */
static void prefetch(const struct vring *vring, uint16_t slot)
{
	uint16_t head = vring_load16(&avail_ring(vring)->ring[slot]);

	if (head < vring->size)
		__builtin_prefetch(
			(const struct virtq_desc *)vring->areas.desc + head);
}

static int split_pop(struct vring *vring, struct chain *chain)
{
	uint16_t pending = split_pending(vring);
	uint16_t slot = vring->avail_idx & (vring->size - 1);
	uint16_t head;
	int ret;

	if (!pending)
		return 0;
	if (pending > vring->size)
		return vring_broken(vring, "avail index jumped");

	head = vring_load16(&avail_ring(vring)->ring[slot]);
	if (head >= vring->size)
		return vring_broken(vring, "avail ring names no descriptor");
	if (pending > 1)
		prefetch(vring, (slot + 1) & (vring->size - 1));
	chain_reset(chain, head);
	ret = load_chain(vring, chain);
	if (ret < 0)
		return ret;
	vring->avail_idx++;
	return 1;
}

static void split_unpop(struct vring *vring, const struct chain *chain)
{
	(void)chain;
	vring->avail_idx--;
}

static void split_push(struct vring *vring, const struct chain *chain,
		       uint32_t len)
{
	uint16_t slot = vring->used_idx & (vring->size - 1);
	struct virtq_used_elem *elem = &used_ring(vring)->ring[slot];

	elem->id = htole32(chain->head);
	elem->len = htole32(len);
	vring->used_idx++;
	vring->unheard++;
	/* Release: the driver that sees the index sees buffers and element. */
	__atomic_store_n(&used_ring(vring)->idx, htole16(vring->used_idx),
			 __ATOMIC_RELEASE);
	wrote(vring, elem, sizeof(*elem));
	wrote(vring, &used_ring(vring)->idx, sizeof(uint16_t));
}

static bool split_wants_call(const struct vring *vring)
{
	const struct virtq_avail *avail = avail_ring(vring);

	/* A call even if the driver suppresses calls (6.3). */
	if (vring->features.on_empty && !split_pending(vring))
		return true;
	if (!vring->features.event_idx)
		return !(vring_load16(&avail->flags) &
			 VIRTQ_AVAIL_F_NO_INTERRUPT);
	/* used_event follows the avail ring. */
	return vring->call_first ||
	       vring_passed(vring_load16(&avail->ring[vring->size]),
			    vring->used_idx, vring->unheard);
}

static void split_enable_kick(struct vring *vring)
{
	struct virtq_used *used = used_ring(vring);
	void *avail_event = &used->ring[vring->size];

	if (vring->features.event_idx)
		store_logged(vring, avail_event, vring->avail_idx);
	else
		store_logged(vring, &used->flags, 0);
}

static void split_disable_kick(struct vring *vring)
{
	/* With EVENT_IDX, an old avail_event suppresses kicks; flags stay 0. */
	if (!vring->features.event_idx)
		store_logged(vring, &used_ring(vring)->flags,
			     VIRTQ_USED_F_NO_NOTIFY);
}

const struct vring_layout vring_split = {
	.start = split_start,
	.base = split_base,
	.pop = split_pop,
	.unpop = split_unpop,
	.push = split_push,
	.wants_call = split_wants_call,
	.enable_kick = split_enable_kick,
	.disable_kick = split_disable_kick,
	.pending = split_pending,
	.is_empty = split_is_empty,
};
