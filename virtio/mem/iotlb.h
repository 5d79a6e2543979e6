/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The cache of an IOMMU's translations, for a device behind one
 * (VIRTIO_F_ACCESS_PLATFORM): from I/O virtual addresses, which then stand in
 * rings and descriptors, to the front end's user addresses. The front end
 * fills it, and is asked for what is missing.
 */
#ifndef IOTLB_H
#define IOTLB_H

#include <stdbool.h>
#include <stdint.h>

#define IOTLB_PAGE 4096u /* what most IOMMUs map at the least, bytes */

/* What may be done at an address; the values are vhost-user's. */
enum iotlb_access {
	IOTLB_READ = 1,
	IOTLB_WRITE = 2,
};

struct iotlb_entry {
	uint64_t iova;
	uint64_t last;	     /* the last byte's iova */
	uint64_t user_addr;  /* of iova */
	unsigned int access; /* IOTLB_... bits */
};

/* What could not be translated, and so has to be asked for. */
struct iotlb_miss {
	uint64_t iova;
	unsigned int access;
};

struct iotlb {
	struct iotlb_entry *entries; /* sorted by iova, none overlap */
	unsigned int count;
	unsigned int room;
	uint64_t changes;	/* rises when a translation is lost */
	bool missed;		/* the last iotlb_find() found nothing, */
	struct iotlb_miss miss; /* of this */
};

/* Makes an empty cache. */
void iotlb_init(struct iotlb *tlb);

/* Drops all translations, and frees what they took. */
void iotlb_clear(struct iotlb *tlb);

/*
 * Enters a translation of @size bytes, in place of what was there. When the
 * cache is full, all else is dropped from it. What is known already changes
 * nothing. Returns 0; -EINVAL for a range
 * that is empty, wraps round or allows nothing; or -ENOMEM.
 */
int iotlb_update(struct iotlb *tlb, uint64_t iova, uint64_t size,
		 uint64_t user_addr, unsigned int access);

/*
 * Drops what overlaps the @size bytes at @iova; entries that do so in part are
 * dropped whole. A range that wraps round ends with the address space; so does
 * one of size 0, which is what is left of 2^64 in 64 bits.
 */
void iotlb_invalidate(struct iotlb *tlb, uint64_t iova, uint64_t size);

/*
 * Translates @iova. Stores in @user_addr where it is, and in @got how many of
 * the @len bytes, at least 1, follow there without a gap. Returns whether all
 * of @access, IOTLB_... bits, is allowed; ->missed is the opposite.
 */
bool iotlb_find(struct iotlb *tlb, uint64_t iova, uint64_t len,
		unsigned int access, uint64_t *user_addr, uint64_t *got);

/* Do the @size bytes at @iova, as iotlb_invalidate() has them, hold @addr? */
bool iotlb_overlap(uint64_t iova, uint64_t size, uint64_t addr, uint64_t len);

#endif
