/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One descriptor chain, copied out of the ring, and bounded cursors over its
 * bytes. A chain and its cursors hold guest addresses, no host pointers, so
 * they outlive a change of the memory table.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/mem/guest_mem.h"

struct chain_seg {
	uint64_t addr; /* as the driver gives it: guest_mem_dma() */
	uint32_t len;  /* bytes, never 0 */
};

struct chain {
	struct chain_seg *segs; /* the readable ones, then the writable ones */
	unsigned int max;	/* room in segs */
	unsigned int readable;	/* count of segments */
	unsigned int writable;
	uint64_t read_len; /* bytes in all readable segments */
	uint64_t write_len;
	uint16_t head; /* its first descriptor; its id, in a packed ring */
	uint16_t ring_entries; /* how many it takes of a packed ring */
	bool misordered;       /* a readable segment came after a writable */
	bool outcome_unknown;  /* some of it may be done: vhost/session.h */
	bool unreachable;      /* the IOMMU has no place for some of it */
};

/* Makes an empty chain with room for @max segments. 0, or -ENOMEM. */
int chain_init(struct chain *chain, unsigned int max);
void chain_fini(struct chain *chain);

/* Forgets all segments; the next chain starts at descriptor @head. */
void chain_reset(struct chain *chain, uint16_t head);

/* Gives back what memory long chains took. The chain is empty then. */
void chain_trim(struct chain *chain);

/*
 * Appends one descriptor's buffer. A readable one after a writable one breaks
 * the rule of 2.7.4.2: it is left out, and ->misordered is set. Empty ones are
 * left out. Returns 0, or -E2BIG when there is no room.
 */
int chain_append(struct chain *chain, uint64_t addr, uint32_t len,
		 bool writable);

/* Can all buffers be reached in guest memory, to the last byte? */
bool chain_is_mapped(const struct chain *chain, const struct guest_mem *mem);

/*
 * Looks for what the IOMMU has no translation of. Stores up to @max (at least
 * 1) such addresses in @misses: the first in the chain, at most one of each
 * IOTLB_PAGE, and that of the last writable byte, if it is one. Returns how
 * many. What will never be in memory is not among them.
 */
unsigned int chain_misses(const struct chain *chain,
			  const struct guest_mem *mem,
			  struct iotlb_miss *misses, unsigned int max);

/* A place in a chain, and what is left behind it. */
struct chain_cursor {
	const struct chain_seg *seg;
	uint32_t offset;     /* into *seg */
	unsigned int access; /* IOTLB_... bits: what it is for */
	uint64_t left;	     /* bytes */
};

/* Cursors at the first readable, the first writable byte. */
struct chain_cursor chain_reader(const struct chain *chain);
struct chain_cursor chain_writer(const struct chain *chain);

/*
 * These move the cursor by @len bytes and return 0; or -EFAULT, with the
 * cursor anywhere, when fewer are left or some are not in guest memory.
 */
int chain_read(struct chain_cursor *cursor, const struct guest_mem *mem,
	       void *buf, size_t len);
int chain_write(struct chain_cursor *cursor, const struct guest_mem *mem,
		const void *buf, size_t len);
int chain_zero(struct chain_cursor *cursor, const struct guest_mem *mem,
	       size_t len);

/*
 * Returns a pointer to the next @len bytes when they lie in one piece in the
 * host's address space, else NULL. Does not move the cursor.
 */
void *chain_direct(const struct chain_cursor *cursor,
		   const struct guest_mem *mem, size_t len);

/*
 * The next @len bytes were written through chain_direct(): marks them in the
 * log, as chain_write() and chain_zero() do by themselves.
 */
void chain_wrote(const struct chain_cursor *cursor, const struct guest_mem *mem,
		 size_t len);

/* Moves the cursor by @len bytes, or to the end. */
void chain_skip(struct chain_cursor *cursor, uint64_t len);

#endif
