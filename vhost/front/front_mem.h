/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The guest memory of a front end: regions, each in a memfd of its own, and a
 * page allocator. All addresses are guest addresses; behind an IOMMU they are
 * the driver's addresses: front_mem_scatter().
 */
#ifndef FRONT_MEM_H
#define FRONT_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRONT_MEM_MAX_REGIONS 512
#define FRONT_MEM_PAGE	      4096u
#define FRONT_MEM_POISON      0xa5 /* content of newly allocated bytes */

/*
 * Front-end user address = guest address + this. The sum is no address of this
 * process, so a back end that mixes up the two kinds fails.
 */
#define FRONT_MEM_USER_SHIFT UINT64_C(0x7a0000000000)

struct front_region {
	uint64_t guest_addr;
	uint64_t size;	      /* bytes, whole pages */
	uint64_t mmap_offset; /* where the region begins in its file */
	int fd;		      /* memfd, owned */
	uint8_t *host;	      /* our mapping, @size bytes */
	uint8_t *page_used;   /* one byte for each page */
	bool scattered;	      /* front_mem_scatter() */
};

struct front_mem {
	struct front_region regions[FRONT_MEM_MAX_REGIONS];
	unsigned int count;
};

/* Makes an empty table. */
void front_mem_init(struct front_mem *mem);

/* Unmaps and closes every region. */
void front_mem_close(struct front_mem *mem);

/*
 * Adds a region of zeros, at @mmap_offset of a new memfd. @guest_addr, @size
 * and @mmap_offset are whole pages.
 * Returns the index of the region, or a negative errno (-ENOSPC: table full).
 */
int front_mem_add(struct front_mem *mem, uint64_t guest_addr, uint64_t size,
		  uint64_t mmap_offset);

/*
 * Allocates @len bytes in one region, at a page boundary, and fills them with
 * FRONT_MEM_POISON. Stores the guest address in @addr. Free them with
 * front_mem_free() and the same @len. Returns 0 or -ENOMEM.
 */
int front_mem_alloc(struct front_mem *mem, uint64_t len, uint64_t *addr);
void front_mem_free(struct front_mem *mem, uint64_t addr, uint64_t len);

/*
 * Puts @region behind an IOMMU: reverses the order of its guest pages in pairs,
 * so that a driver's address differs from the guest address. The region must be
 * unused. Returns 0 or a negative errno.
 */
int front_mem_scatter(struct front_region *region);

/* Translates the driver's address @addr to a guest address. */
uint64_t front_mem_guest_addr(const struct front_mem *mem, uint64_t addr);

/* Returns a pointer to @len bytes at @addr, or NULL unless in one region. */
void *front_mem_at(const struct front_mem *mem, uint64_t addr, uint64_t len);

/*
 * Copy @len bytes to or from guest memory, also across adjacent regions.
 * Return 0, or -EFAULT if some of them are in no region.
 */
int front_mem_write(const struct front_mem *mem, uint64_t addr,
		    const void *data, size_t len);
int front_mem_read(const struct front_mem *mem, uint64_t addr, void *data,
		   size_t len);

#endif
