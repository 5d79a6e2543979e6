/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A descriptor chain, copied out of the ring, and bounded cursors over its
 * bytes. Both hold guest addresses and no host pointers, so they stay valid
 * when the memory table changes.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "virtio/mem/guest_mem.h"

struct chain_seg {
	uint64_t addr; /* as the driver gives it: guest_mem_dma() */
	uint32_t len;  /* bytes, never 0 */
	uint32_t near; /* guest_mem_near()'s guess, left by earlier chains */
};

struct chain {
	struct chain_seg *segs; /* readable ones, then writable ones */
	unsigned int max;	/* size of the segs array */
	unsigned int readable;	/* number of segments */
	unsigned int writable;
	uint64_t read_len; /* bytes in all readable segments */
	uint64_t write_len;
	uint16_t head; /* split: the first descriptor; packed: the buffer id */
	uint16_t ring_entries; /* packed: entries of the ring that it takes */
	bool misordered;       /* a readable descriptor followed a writable */
	bool outcome_unknown;  /* it may have been run: vhost/session.h */
	uint8_t deaths;	       /* of back ends that ran it: vhost/session.h */
	bool unreachable;      /* the IOMMU does not translate all of it */
};

/*
 * Makes an empty chain with room for @max segments. Returns 0 or -ENOMEM.
 */
int chain_init(struct chain *chain, unsigned int max);
void chain_fini(struct chain *chain);

/* Empties the chain and sets its ->head. */
void chain_reset(struct chain *chain, uint16_t head);

/* Empties the chain and gives the memory of its segments to the system. */
void chain_trim(struct chain *chain);

/*
 * Appends the buffer of one descriptor. Drops an empty buffer. Drops a readable
 * buffer after a writable one, which 2.7.4.2 forbids, and sets ->misordered.
 * Returns 0, or -E2BIG if the chain is full.
 */
int chain_append(struct chain *chain, uint64_t addr, uint32_t len,
		 bool writable);

/* Returns true if every byte of the chain is accessible guest memory. */
bool chain_is_mapped(const struct chain *chain, const struct guest_mem *mem);

/*
 * Finds the parts of the chain that the IOMMU cache cannot translate. Stores up
 * to @max (at least 1) misses: the first ones of the chain, at most one for
 * each IOTLB_PAGE; that of the last writable byte is always among them. An
 * address that is translated but in no region is no miss. Returns the number of
 * misses.
 */
unsigned int chain_misses(const struct chain *chain,
			  const struct guest_mem *mem,
			  struct iotlb_miss *misses, unsigned int max);

/* A position in a chain */
struct chain_cursor {
	const struct chain_seg *seg;
	uint32_t offset;     /* into *seg */
	unsigned int access; /* IOTLB_... bit of this half of the chain */
	uint64_t left;	     /* bytes up to the end of this half */
};

/*
 * Place @cursor at the first readable and the first writable byte, and at the
 * last writable byte, which there must be.
 */
void chain_reader(const struct chain *chain, struct chain_cursor *cursor);
void chain_writer(const struct chain *chain, struct chain_cursor *cursor);
void chain_last(const struct chain *chain, struct chain_cursor *cursor);

/* Implement the inline functions below in the general case. */
int chain_read_parts(struct chain_cursor *cursor, const struct guest_mem *mem,
		     void *buf, size_t len);
int chain_write_parts(struct chain_cursor *cursor, const struct guest_mem *mem,
		      const void *buf, size_t len);
void *chain_direct_slowly(const struct chain_cursor *cursor,
			  const struct guest_mem *mem, size_t len);

/*
 * For the same: the next @len bytes, if they are in one segment, and that is
 * where it was expected. NULL says nothing.
 */
static inline void *chain_quick(const struct chain_cursor *cursor,
				const struct guest_mem *mem, uint64_t len)
{
	const struct chain_seg *seg = cursor->seg;

	/* At the end, ->seg points behind the last segment. */
	if (!len || len > cursor->left || len > seg->len - cursor->offset)
		return NULL;
	return guest_mem_near(mem, seg->near, seg->addr + cursor->offset, len,
			      cursor->access);
}

/* For the same: moves the cursor by @len bytes, which are in its segment. */
static inline void chain_step(struct chain_cursor *cursor, uint32_t len)
{
	cursor->left -= len;
	cursor->offset += len;
	if (cursor->offset < cursor->seg->len)
		return;
	cursor->seg++;
	cursor->offset = 0;
}

/*
 * Copy from the chain, to the chain, or write zeros, and move the cursor by
 * @len bytes. Return 0; or -EFAULT, with the cursor undefined, if fewer bytes
 * are left or some are not accessible.
 */
static inline int chain_read(struct chain_cursor *cursor,
			     const struct guest_mem *mem, void *buf, size_t len)
{
	const void *from = chain_quick(cursor, mem, len);
	int ret = 0;

	if (from) {
		memcpy(buf, from, len);
		chain_step(cursor, (uint32_t)len);
	} else {
		ret = chain_read_parts(cursor, mem, buf, len);
	}
	/* Keep the compiler from reading guest memory again instead of @buf. */
	__asm__ volatile("" : : : "memory");
	return ret;
}

/* As chain_read(), but does not move the cursor. */
static inline int chain_peek(const struct chain_cursor *cursor,
			     const struct guest_mem *mem, void *buf, size_t len)
{
	const void *from = chain_quick(cursor, mem, len);
	struct chain_cursor copy;

	if (!from) {
		copy = *cursor;
		return chain_read_parts(&copy, mem, buf, len);
	}
	memcpy(buf, from, len);
	/* As in chain_read() */
	__asm__ volatile("" : : : "memory");
	return 0;
}

static inline int chain_write(struct chain_cursor *cursor,
			      const struct guest_mem *mem, const void *buf,
			      size_t len)
{
	void *to = chain_quick(cursor, mem, len);

	if (!to)
		return chain_write_parts(cursor, mem, buf, len);
	memcpy(to, buf, len);
	guest_mem_wrote(mem, to, len);
	chain_step(cursor, (uint32_t)len);
	return 0;
}

int chain_zero(struct chain_cursor *cursor, const struct guest_mem *mem,
	       size_t len);

/*
 * Returns a pointer to the next @len bytes if they are contiguous in the host's
 * address space, else NULL. Does not move the cursor.
 */
static inline void *chain_direct(const struct chain_cursor *cursor,
				 const struct guest_mem *mem, size_t len)
{
	void *at = chain_quick(cursor, mem, len);

	return at ? at : chain_direct_slowly(cursor, mem, len);
}

/*
 * Marks the next @len bytes in the dirty log after a write through
 * chain_direct(). chain_write() and chain_zero() do so by themselves.
 */
void chain_wrote(const struct chain_cursor *cursor, const struct guest_mem *mem,
		 size_t len);

/* Moves the cursor by @len bytes, or to the end. */
void chain_skip(struct chain_cursor *cursor, uint64_t len);

#endif
