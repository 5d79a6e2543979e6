/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device's half of a packed ring: one call, in any state of the ring.
 *
 * Guest: each read of the ring, and of an indirect table, gives anything; a
 * table may be out of memory.
 * Bound: rings of 1 to 4 entries, tables of 4 where the product takes 32768,
 * chains with room for 4 buffers.
 *
 * cbmc: --unwind 5
 */
#include "tests/prove/prove.h"

#include "virtio/ring/virtio_wire.h"
#undef VIRTQ_MAX_SIZE
#define VIRTQ_MAX_SIZE 4

#include "virtio/ring/vring.c"
#include "virtio/ring/vring_layout.c"
#include "virtio/ring/vring_packed.c"
#include "tests/prove/ring.h"

static void check_places(const struct vring *vring)
{
	assert(vring->avail_idx < vring->size);
	assert(vring->used_idx < vring->size);
	assert(vring->unheard <= vring->size);
}

/* One entry is used, and the others are as they were. */
static void push(struct vring *vring, const struct chain *chain)
{
	const struct virtq_packed_desc *ring = vring->areas.desc;
	const uint16_t at = vring->used_idx, other = nondet_u16();
	const bool wrap = vring->used_wrap;
	const uint32_t len = nondet_u32();
	struct virtq_packed_desc before;

	assume(other < vring->size && other != at);
	before = ring[other];
	vring_push(vring, chain, len);
	assert(ring[at].id == chain->head && ring[at].len == len);
	assert(!(ring[at].flags & VIRTQ_PACKED_DESC_F_USED) == !wrap);
	assert(!(ring[at].flags & VIRTQ_PACKED_DESC_F_AVAIL) == !wrap);
	assert(ring[other].flags == before.flags &&
	       ring[other].id == before.id);
}

static void pop(struct vring *vring)
{
	struct chain chain = any_chain();
	const uint32_t at = vring_base(vring);
	int ret = vring_pop(vring, &chain);

	assert(!vring->error == (ret != -EPROTO));
	if (ret != 1) {
		assert(vring_base(vring) == at);
		return;
	}
	check_chain(&chain);
	assert(chain.ring_entries >= 1 && chain.ring_entries <= vring->size);
	if (nondet_bool()) {
		vring_unpop(vring, &chain);
		assert(vring_base(vring) == at);
	} else {
		push(vring, &chain);
	}
}

int main(void)
{
	struct guest_mem mem = any_log();
	struct vring vring = any_ring(&mem, true);

	assume(vring.avail_idx < vring.size && vring.used_idx < vring.size &&
	       vring.unheard <= vring.size);
	if (nondet_bool())
		pop(&vring);
	else
		use_events(&vring);
	check_places(&vring);
	return 0;
}
