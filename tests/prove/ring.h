/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Rings and chains for proofs. Both layouts of rings are proved in the same
 * way. */
#ifndef PROVE_RING_H
#define PROVE_RING_H

#include "virtio/ring/chain.c"
#include "virtio/ring/vring_layout.h"

/* The log and translations have proofs of their own. */
void dirty_log_mark(struct dirty_log *log, uint64_t addr, uint64_t len)
{
	(void)log, (void)addr, (void)len;
}

void guest_mem_log(const struct guest_mem *mem, const void *at, uint64_t len)
{
	(void)mem;
	assert(__CPROVER_r_ok(at, len));
}

int guest_mem_read(const struct guest_mem *mem, uint64_t addr, void *buf,
		   size_t len)
{
	(void)mem, (void)addr;
	assert(__CPROVER_w_ok(buf, len));
	__CPROVER_havoc_slice(buf, len);
	return nondet_bool() ? 0 : -EFAULT;
}

static struct guest_mem any_log(void)
{
	static struct dirty_log log;

	return (struct guest_mem){ .log = nondet_bool() ? &log : NULL };
}

/*
 * What is given out ends where its buffer does, so that nothing beyond it can
 * be touched.
 */
#define ENTRIES	 4 /* of a ring, at most */
#define SEGMENTS 4 /* of a chain */
#define AREA	 (6 + 8 * ENTRIES)

static struct vring_areas give_areas(struct vring_bytes bytes)
{
	static struct virtq_desc desc[ENTRIES];
	static uint8_t driver[AREA], device[AREA];

	return (struct vring_areas){
		.desc = (uint8_t *)desc + sizeof(desc) - bytes.desc,
		.driver = driver + AREA - bytes.driver,
		.device = device + AREA - bytes.device,
	};
}

static struct vring any_ring(const struct guest_mem *mem, bool packed)
{
	struct vring vring = {
		.mem = mem,
		.size = nondet_u16(),
		.logged = nondet_bool(),
		.log_addr = nondet_u64(),
		.features = {
			.packed = packed,
			.indirect = nondet_bool(),
			.event_idx = nondet_bool(),
			.on_empty = nondet_bool(),
		},
		.layout = packed ? &vring_packed : &vring_split,
		.avail_idx = nondet_u16(),
		.used_idx = nondet_u16(),
		.avail_wrap = nondet_bool(),
		.used_wrap = nondet_bool(),
		.unheard = nondet_u16(),
		.call_first = nondet_bool(),
	};

	assume(vring.size >= 1 && vring.size <= ENTRIES);
	vring.areas = give_areas(vring_bytes(&vring.features, vring.size));
	return vring;
}

static struct chain any_chain(void)
{
	static struct chain_seg segs[SEGMENTS];
	struct chain chain = { .max = nondet_u32() };

	assume(chain.max <= SEGMENTS);
	chain.segs = segs + SEGMENTS - chain.max;
	return chain;
}

static void check_chain(const struct chain *chain)
{
	assert(chain->readable + chain->writable <= chain->max);
	assert(!chain->readable == !chain->read_len);
	assert(!chain->writable == !chain->write_len);
}

/* All calls about who wakes whom */
static void use_events(struct vring *vring)
{
	vring_should_call(vring);
	assert(!vring_owes_call(vring));
	if (nondet_bool())
		vring_enable_kick(vring);
	else
		vring_disable_kick(vring);
	vring_pending(vring);
}

#endif
