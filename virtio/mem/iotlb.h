/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A cache of IOMMU translations (VIRTIO_F_ACCESS_PLATFORM). Behind an IOMMU,
 * rings and descriptors hold I/O virtual addresses. The cache translates them
 * to user addresses of the front end, which fills it and answers misses.
 */
#ifndef IOTLB_H
#define IOTLB_H

#include <stdbool.h>
#include <stdint.h>

#define IOTLB_PAGE 4096u /* bytes; the page size of most IOMMUs */

/* Access rights, with the values of vhost-user */
enum iotlb_access {
	IOTLB_READ = 1,
	IOTLB_WRITE = 2,
};

struct iotlb_entry {
	uint64_t iova;
	uint64_t last;	     /* iova of the last byte */
	uint64_t user_addr;  /* of the first byte */
	unsigned int access; /* IOTLB_... bits */
	unsigned int near;   /* the owner's: guest_mem_guess() */
};

/* An access that the cache has no translation for */
struct iotlb_miss {
	uint64_t iova;
	unsigned int access;
};

struct iotlb {
	struct iotlb_entry *entries; /* sorted by iova, none overlap */
	unsigned int count;
	unsigned int room;
	uint64_t changes;	/* rises when a translation is dropped */
	bool missed;		/* the last iotlb_find() failed */
	struct iotlb_miss miss; /* what it was asked for */
};

/* Makes an empty cache. */
void iotlb_init(struct iotlb *tlb);

/* Drops all translations and frees their memory. */
void iotlb_clear(struct iotlb *tlb);

/*
 * Adds a translation of @size bytes, which replaces those that it overlaps.
 * If the cache is full, all others are dropped. A translation that is in the
 * cache already changes nothing.
 * Returns 0; -EINVAL if the range is empty or wraps round, or if @access is
 * empty; or -ENOMEM.
 */
int iotlb_update(struct iotlb *tlb, uint64_t iova, uint64_t size,
		 uint64_t user_addr, unsigned int access);

/*
 * Drops each translation that overlaps the @size bytes at @iova, as a whole.
 * A range that wraps round ends with the address space. So does one of size 0,
 * which stands for 2^64.
 */
void iotlb_invalidate(struct iotlb *tlb, uint64_t iova, uint64_t size);

/*
 * Translates @iova. Stores its user address in @user_addr, and in @got how many
 * of the @len bytes (at least 1) are contiguous there. Returns true if all of
 * @access, IOTLB_... bits, is allowed; else sets ->missed and ->miss.
 */
bool iotlb_find(struct iotlb *tlb, uint64_t iova, uint64_t len,
		unsigned int access, uint64_t *user_addr, uint64_t *got);

/*
 * Returns the index of the entry that translates @iova, or, if none does, of
 * the next one: it may be ->count.
 */
unsigned int iotlb_index(const struct iotlb *tlb, uint64_t iova);

/*
 * Returns true if the entry with the index @index, which may be any number,
 * translates all of the @len bytes, 1 or more, at @iova, and allows all of
 * @access.
 */
static inline bool iotlb_has(const struct iotlb *tlb, unsigned int index,
			     uint64_t iova, uint64_t len, unsigned int access)
{
	const struct iotlb_entry *e;

	if (index >= tlb->count)
		return false;
	e = &tlb->entries[index];
	return iova >= e->iova && iova <= e->last &&
	       len - 1 <= e->last - iova && (e->access & access) == access;
}

/*
 * Returns true if the @size bytes at @iova, as in iotlb_invalidate(), overlap
 * the @len bytes at @addr.
 */
bool iotlb_overlap(uint64_t iova, uint64_t size, uint64_t addr, uint64_t len);

#endif
