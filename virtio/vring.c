/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <errno.h>
#include <stddef.h>

#include "virtio/vring.h"

/* With EVENT_IDX one more entry follows each ring (2.7.7, 2.7.10). */
#define EVENT_BYTES sizeof(uint16_t)

uint64_t vring_desc_bytes(uint16_t size)
{
	return (uint64_t)size * sizeof(struct virtq_desc);
}

uint64_t vring_avail_bytes(uint16_t size)
{
	return sizeof(struct virtq_avail) + (uint64_t)size * sizeof(uint16_t) +
	       EVENT_BYTES;
}

uint64_t vring_used_bytes(uint16_t size)
{
	return sizeof(struct virtq_used) +
	       (uint64_t)size * sizeof(struct virtq_used_elem) + EVENT_BYTES;
}

bool vring_is_aligned(const struct vring_areas *areas)
{
	return !((uintptr_t)areas->desc % 16) &&
	       !((uintptr_t)areas->avail % 2) && !((uintptr_t)areas->used % 4);
}

/* What the driver may change under us is read and written through these. */

static uint16_t load16(const uint16_t *p)
{
	return le16toh(__atomic_load_n(p, __ATOMIC_RELAXED));
}

static void store16(uint16_t *p, uint16_t value)
{
	__atomic_store_n(p, htole16(value), __ATOMIC_RELAXED);
}

/* Pairs with the driver's store: its ring entries are visible after it. */
static uint16_t load_avail_idx(const struct vring *vring)
{
	return le16toh(
		__atomic_load_n(&vring->areas.avail->idx, __ATOMIC_ACQUIRE));
}

/* The driver writes used_event behind the avail ring. */
static uint16_t load_used_event(const struct vring *vring)
{
	return load16(&vring->areas.avail->ring[vring->size]);
}

/* We write avail_event behind the used ring. */
static void store_avail_event(struct vring *vring, uint16_t value)
{
	void *event = &vring->areas.used->ring[vring->size];

	store16(event, value);
}

void vring_start(struct vring *vring, uint16_t base)
{
	vring->last_avail = base;
	vring->used_idx = load16(&vring->areas.used->idx);
	vring->signalled_valid = false;
	vring->error = NULL;
}

static int broken(struct vring *vring, const char *error)
{
	vring->error = error;
	return -EPROTO;
}

uint16_t vring_pending(const struct vring *vring)
{
	return (uint16_t)(load_avail_idx(vring) - vring->last_avail);
}

/* One descriptor of the ring's own table, in host byte order. */
static struct virtq_desc load_desc(const struct vring *vring, uint16_t index)
{
	const struct virtq_desc *d = &vring->areas.desc[index];

	return (struct virtq_desc){
		.addr = le64toh(__atomic_load_n(&d->addr, __ATOMIC_RELAXED)),
		.len = le32toh(__atomic_load_n(&d->len, __ATOMIC_RELAXED)),
		.flags = load16(&d->flags),
		.next = load16(&d->next),
	};
}

static int append(struct vring *vring, struct chain *chain,
		  const struct virtq_desc *d)
{
	if (chain_append(chain, d->addr, d->len,
			 d->flags & VIRTQ_DESC_F_WRITE) < 0)
		return broken(vring, "descriptor chain is too long");
	return 0;
}

/*
 * The table of an indirect descriptor (2.7.5.3). It is read a descriptor at a
 * time, by bytes: it may lie at any address and cross regions. The WRITE flag
 * of the descriptor that leads here means nothing.
 */
static int load_indirect(struct vring *vring, struct chain *chain,
			 const struct virtq_desc *table)
{
	uint32_t count = table->len / sizeof(struct virtq_desc);
	uint32_t index = 0;

	if (!count || table->len % sizeof(struct virtq_desc))
		return broken(vring, "indirect table has a bad length");

	for (uint32_t seen = 0; seen < count; seen++) {
		struct virtq_desc d;

		/* A loop in a table of 4 GiB would keep us for seconds. */
		if (seen == VIRTQ_MAX_SIZE)
			return broken(vring, "descriptor chain is too long");

		if (guest_mem_read(vring->mem, table->addr + index * sizeof(d),
				   &d, sizeof(d)) < 0)
			return broken(vring, "indirect table is not in memory");
		d.addr = le64toh(d.addr);
		d.len = le32toh(d.len);
		d.flags = le16toh(d.flags);
		d.next = le16toh(d.next);

		if (d.flags & VIRTQ_DESC_F_INDIRECT)
			return broken(vring, "indirect table is nested");
		if (append(vring, chain, &d) < 0)
			return -EPROTO;
		if (!(d.flags & VIRTQ_DESC_F_NEXT))
			return 0;
		index = d.next;
		if (index >= count)
			return broken(vring, "descriptor is out of its table");
	}
	return broken(vring, "descriptors form a loop");
}

static int load_chain(struct vring *vring, struct chain *chain)
{
	uint16_t index = chain->head;

	for (uint32_t seen = 0; seen < vring->size; seen++) {
		struct virtq_desc d = load_desc(vring, index);

		if (d.flags & VIRTQ_DESC_F_INDIRECT) {
			if (!vring->indirect)
				return broken(vring, "indirect descriptor was "
						     "not negotiated");
			if (d.flags & VIRTQ_DESC_F_NEXT)
				return broken(vring, "indirect descriptor has "
						     "a next one");
			return load_indirect(vring, chain, &d);
		}
		if (append(vring, chain, &d) < 0)
			return -EPROTO;
		if (!(d.flags & VIRTQ_DESC_F_NEXT))
			return 0;
		index = d.next;
		if (index >= vring->size)
			return broken(vring, "descriptor is out of its table");
	}
	return broken(vring, "descriptors form a loop");
}

int vring_pop(struct vring *vring, struct chain *chain)
{
	uint16_t pending = vring_pending(vring);
	uint16_t slot = vring->last_avail & (vring->size - 1);
	uint16_t head;

	if (!pending)
		return 0;
	if (pending > vring->size)
		return broken(vring, "avail index jumped");

	head = load16(&vring->areas.avail->ring[slot]);
	if (head >= vring->size)
		return broken(vring, "avail ring names no descriptor");
	chain_reset(chain, head);
	if (load_chain(vring, chain) < 0)
		return -EPROTO;
	vring->last_avail++;
	return 1;
}

void vring_unpop(struct vring *vring)
{
	vring->last_avail--;
}

void vring_push(struct vring *vring, uint16_t head, uint32_t len)
{
	uint16_t slot = vring->used_idx & (vring->size - 1);
	struct virtq_used_elem *elem = &vring->areas.used->ring[slot];

	elem->id = htole32(head);
	elem->len = htole32(len);
	vring->used_idx++;
	/* The buffers and the element are visible before the index is. */
	__atomic_store_n(&vring->areas.used->idx, htole16(vring->used_idx),
			 __ATOMIC_RELEASE);
}

bool vring_should_call(struct vring *vring)
{
	uint16_t old = vring->signalled;
	bool valid = vring->signalled_valid;

	/*
	 * Our index must be visible before we read the driver's wish, or it
	 * could go to sleep on an index that it saw before, unheard.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!vring->event_idx)
		return !(load16(&vring->areas.avail->flags) &
			 VIRTQ_AVAIL_F_NO_INTERRUPT);

	/* Did used_idx pass used_event since the last call? (2.7.7.2) */
	vring->signalled = vring->used_idx;
	vring->signalled_valid = true;
	return !valid || (uint16_t)(vring->used_idx - load_used_event(vring) -
				    1) < (uint16_t)(vring->used_idx - old);
}

bool vring_enable_kick(struct vring *vring)
{
	if (vring->event_idx)
		store_avail_event(vring, vring->last_avail);
	else
		store16(&vring->areas.used->flags, 0);
	/*
	 * The wish must be visible before the index is read again, or a chain
	 * that was made available in between would stay unseen.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return vring_pending(vring) != 0;
}

void vring_disable_kick(struct vring *vring)
{
	/* With EVENT_IDX an avail_event left behind does it, flags stay 0. */
	if (!vring->event_idx)
		store16(&vring->areas.used->flags, VIRTQ_USED_F_NO_NOTIFY);
}
