/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The guest memory that a front end shares: regions, each in a memfd of its
 * own, and a page allocator over them. All addresses are guest addresses, or
 * a driver's if there is an IOMMU: front_mem_scatter().
 */
#ifndef FRONT_MEM_H
#define FRONT_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRONT_MEM_MAX_REGIONS 512
#define FRONT_MEM_PAGE	      4096u
#define FRONT_MEM_POISON      0xa5 /* what allocated bytes hold */

/*
 * Front-end user address = guest address + this. It is no address of this
 * process; a back end that mixes up the two kinds of address is found out.
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

/* Begins with no region. */
void front_mem_init(struct front_mem *mem);

/* Unmaps and closes every region. */
void front_mem_close(struct front_mem *mem);

/*
 * Adds a region of zeros, at @mmap_offset of a new memfd. @guest_addr, @size
 * and @mmap_offset are whole pages.
 * Returns the region's number, or a negative errno (-ENOSPC: table full).
 */
int front_mem_add(struct front_mem *mem, uint64_t guest_addr, uint64_t size,
		  uint64_t mmap_offset);

/*
 * Allocates @len bytes, poisoned, on a page boundary, within one region.
 * Stores the guest address in @addr; to be given to front_mem_free() with the
 * same @len. Returns 0 or -ENOMEM.
 */
int front_mem_alloc(struct front_mem *mem, uint64_t len, uint64_t *addr);
void front_mem_free(struct front_mem *mem, uint64_t addr, uint64_t len);

/*
 * From now on the addresses in @region are a driver's behind an IOMMU: its
 * pages, which must hold nothing yet, are at guest addresses in another order,
 * two by two. Returns 0 or a negative errno.
 */
int front_mem_scatter(struct front_region *region);

/* The guest address of what all others call @addr. */
uint64_t front_mem_guest_addr(const struct front_mem *mem, uint64_t addr);

/* Our pointer to @len bytes at @addr; NULL unless one region holds them. */
void *front_mem_at(const struct front_mem *mem, uint64_t addr, uint64_t len);

/*
 * Copies @len bytes to or from guest memory, also over adjacent regions.
 * Returns 0, or -EFAULT when some of it is in no region.
 */
int front_mem_write(const struct front_mem *mem, uint64_t addr,
		    const void *data, size_t len);
int front_mem_read(const struct front_mem *mem, uint64_t addr, void *data,
		   size_t len);

#endif
