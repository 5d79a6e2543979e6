/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A cursor over a chain: one move to anywhere, then one access.
 *
 * Guest: buffers anywhere, of any length; each may be cut into pieces, or be
 * out of memory, and all bytes are anything.
 * Bound: 2 buffers, accesses of up to 2 bytes.
 *
 * cbmc: --unwind 4 --object-bits 10 --conversion-check
 */
#include "tests/prove/prove.h"

#define memcpy(to, from, len) check_copy(to, from, len)
#define memset(to, byte, len) check_set(to, len)

#include "virtio/ring/chain.c"

#define SEGMENTS 2
#define MOST	 2 /* bytes of an access */

static struct chain_seg segs[SEGMENTS];
static struct chain chain;

/* Bytes that may be accessed so are in one buffer of that half of the chain. */
static void check_access(uint64_t addr, uint64_t len, unsigned int access)
{
	bool found = false;

	for (unsigned int i = 0; i < SEGMENTS; i++) {
		const uint64_t offset = addr - segs[i].addr;

		found |= offset < segs[i].len && len <= segs[i].len - offset &&
			 access == (i < chain.readable ? IOTLB_READ
						       : IOTLB_WRITE);
	}
	assert(found);
}

/* Memory has a proof of its own: it gives what it says, or nothing. */
static void *give(uint64_t len)
{
	static uint8_t bytes[MOST];

	return bytes + (len < MOST ? MOST - len : 0);
}

void *guest_mem_translate(const struct guest_mem *mem, uint64_t addr,
			  uint64_t len, unsigned int access, size_t *got)
{
	(void)mem;
	check_access(addr, len, access);
	if (nondet_bool())
		return NULL;
	*got = nondet_size();
	assume(*got && *got <= len);
	return give(*got);
}

void *guest_mem_near_iommu(const struct guest_mem *mem, unsigned int near,
			   uint64_t addr, uint64_t len, unsigned int access)
{
	(void)mem, (void)near;
	check_access(addr, len, access);
	return nondet_bool() ? give(len) : NULL;
}

void guest_mem_log(const struct guest_mem *mem, const void *at, uint64_t len)
{
	(void)mem;
	assert(__CPROVER_r_ok(at, len));
}

/* It fills its buffer. */
static void make_chain(void)
{
	struct chain_seg any[SEGMENTS];

	chain = (struct chain){ .segs = segs, .readable = nondet_u32() };
	assume(chain.readable <= SEGMENTS);
	chain.writable = SEGMENTS - chain.readable;
	for (unsigned int i = 0; i < SEGMENTS; i++) {
		segs[i] = any[i];
		assume(segs[i].len);
		if (i < chain.readable)
			chain.read_len += segs[i].len;
		else
			chain.write_len += segs[i].len;
	}
}

static void touch(struct chain_cursor *cursor, const struct guest_mem *mem)
{
	uint8_t bytes[MOST], *buf;
	size_t len = nondet_size();
	const uint64_t left = cursor->left;
	int ret = 0;

	assume(len <= MOST);
	buf = bytes + MOST - len;
	chain_wrote(cursor, mem, len);
	if (cursor->access == IOTLB_READ)
		ret = chain_read(cursor, mem, buf, len);
	else if (nondet_bool())
		ret = chain_write(cursor, mem, buf, len);
	else
		ret = chain_zero(cursor, mem, len);
	assert(ret || cursor->left == left - len);
	assert(ret || len <= left);
}

int main(void)
{
	struct dirty_log log;
	struct iotlb tlb;
	const struct guest_mem mem = {
		.iotlb = &tlb,
		.log = nondet_bool() ? &log : NULL,
	};
	struct chain_cursor cursor;

	make_chain();
	if (nondet_bool())
		chain_reader(&chain, &cursor);
	else
		chain_writer(&chain, &cursor);
	if (chain.write_len && nondet_bool())
		chain_last(&chain, &cursor);
	chain_skip(&cursor, nondet_u64());
	touch(&cursor, &mem);
	return 0;
}
