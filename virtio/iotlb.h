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
	bool pending;
	uint64_t iova;
	enum iotlb_access access;
};

struct iotlb {
	struct iotlb_entry *entries; /* sorted by iova, none overlap */
	unsigned int count;
	unsigned int room;
	struct iotlb_miss miss;
};

/* Makes an empty cache; frees it. */
void iotlb_init(struct iotlb *tlb);
void iotlb_fini(struct iotlb *tlb);

/*
 * Enters a translation of @size bytes, in place of what was there. When the
 * cache is full, all else is dropped from it. Returns 0; -EINVAL for a range
 * that is empty, wraps round or allows nothing; or -ENOMEM.
 */
int iotlb_update(struct iotlb *tlb, uint64_t iova, uint64_t size,
		 uint64_t user_addr, unsigned int access);

/*
 * Drops what overlaps the @size bytes at @iova; entries that do so in part are
 * dropped whole. A range that wraps round ends with the address space.
 */
void iotlb_invalidate(struct iotlb *tlb, uint64_t iova, uint64_t size);

/*
 * Translates @iova. Stores in @user_addr where it is, and in @got how many of
 * the @len bytes follow. Returns whether the access is allowed there; if not,
 * it is noted as a miss, unless one is pending.
 */
bool iotlb_find(struct iotlb *tlb, uint64_t iova, uint64_t len,
		enum iotlb_access access, uint64_t *user_addr, uint64_t *got);

#endif
