/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The device's half of a split ring: one call, in any state of the ring.
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
#include "virtio/ring/vring_split.c"
#include "tests/prove/ring.h"

static void push(struct vring *vring, const struct chain *chain)
{
	const struct virtq_used *used = vring->areas.device;
	const uint16_t at = vring->used_idx;
	const uint32_t len = nondet_u32();
	const struct virtq_used_elem *elem =
		&used->ring[at & (vring->size - 1)];

	vring_push(vring, chain, len);
	assert(vring->used_idx == (uint16_t)(at + 1));
	assert(used->idx == vring->used_idx);
	assert(elem->id == chain->head && elem->len == len);
}

static void pop(struct vring *vring)
{
	struct chain chain = any_chain();
	const uint16_t at = vring->avail_idx;
	int ret = vring_pop(vring, &chain);

	assert(vring->avail_idx == (uint16_t)(at + (ret == 1)));
	assert(!vring->error == (ret != -EPROTO));
	if (ret != 1)
		return;
	check_chain(&chain);
	assert(chain.head < vring->size);
	if (nondet_bool()) {
		vring_unpop(vring, &chain);
		assert(vring->avail_idx == at);
	} else {
		push(vring, &chain);
	}
}

int main(void)
{
	struct guest_mem mem = any_log();
	struct vring vring = any_ring(&mem, false);

	assume(!(vring.size & (vring.size - 1)));
	if (nondet_bool())
		pop(&vring);
	else
		use_events(&vring);
	return 0;
}
