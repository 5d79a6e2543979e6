/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The inflight region, split and packed: found after a crash, and in use.
 *
 * Front end: each read of the region gives anything. Guest: so does each read
 * of its ring. Bound: rings of 1 to 4 entries, regions of up to 4; one request.
 *
 * cbmc: --unwind 5
 */
#include "tests/prove/prove.h"

#include "virtio/ring/vring.c"
#include "tests/prove/ring.h"
#include "vhost/ring/inflight.c"
#include "vhost/ring/inflight_packed.c"
#include "vhost/ring/inflight_split.c"

static unsigned int pushes;

/* Rings have proofs of their own. */
static void push(struct vring *vring, const struct chain *chain, uint32_t len)
{
	(void)vring, (void)chain, (void)len;
	pushes++;
}

const struct vring_layout vring_split = { .push = push };
const struct vring_layout vring_packed = { .push = push };

#define REGION                            \
	(sizeof(struct inflight_packed) + \
	 ENTRIES * sizeof(struct inflight_packed_desc))

/* It ends where its buffer does. */
static void *give_region(bool packed, uint16_t desc_num)
{
	static _Alignas(8) uint8_t region[REGION];

	return region + REGION - inflight_bytes(packed, desc_num);
}

static void use(struct inflight *f, struct vring *vring)
{
	struct chain chain = { .head = nondet_u16() };

	/* What a walker makes of a ring */
	if (f->packed)
		chain.ring_entries = nondet_u16();
	assume(f->packed ? chain.ring_entries >= 1 &&
				   chain.ring_entries <= vring->size
			 : chain.head < vring->size);
	inflight_popped(f, &chain);
	if (nondet_bool())
		inflight_begin(f, vring, &chain);
	inflight_push(f, vring, &chain, nondet_u32(), nondet_u32());
	assert(pushes == 1 && !f->begun);
}

int main(void)
{
	struct guest_mem mem = { 0 };
	struct vring vring = any_ring(&mem, nondet_bool());
	const uint16_t desc_num = nondet_u16();
	struct inflight f = { .begun = nondet_bool() };
	uint32_t base = nondet_u32(), note = nondet_u32();
	void *region;

	assume(desc_num >= vring.size && desc_num <= ENTRIES);
	assume(vring.features.packed || !(vring.size & (vring.size - 1)));
	region = give_region(vring.features.packed, desc_num);
	if (nondet_bool())
		inflight_restart(&f, &vring, region, desc_num, base, note);
	else if (inflight_resume(&f, &vring, region, desc_num, &base, &note) <
		 0)
		return 0;
	assert(f.lost <= vring.size);
	/* The ring starts at @base, or refuses it. */
	assume(!vring.features.packed ||
	       (vring.avail_idx < vring.size && vring.used_idx < vring.size));
	use(&f, &vring);
	return 0;
}
