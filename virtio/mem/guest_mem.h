/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guest memory: the table of regions that a front end shares, and the only
 * place where guest addresses become host pointers.
 *
 * A host pointer is good until the table next changes. The bytes behind it
 * may change at any time: read once into a local, then check, then use.
 *
 * A front end can shrink a file behind its regions; touching the hole raises
 * SIGBUS. The handler then covers the region with zeros and counts it in
 * ->broken, so that the access ends and its session, alone, can be stopped.
 */
#ifndef GUEST_MEM_H
#define GUEST_MEM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/mem/dirty_log.h"
#include "virtio/mem/iotlb.h"

/* As many as other back ends offer with CONFIGURE_MEM_SLOTS. */
#define GUEST_MEM_MAX_REGIONS 509

/* One region as a front end describes it. */
struct guest_region_spec {
	uint64_t guest_addr;
	uint64_t size;	      /* bytes */
	uint64_t user_addr;   /* the front end's own virtual address */
	uint64_t mmap_offset; /* of the region in its file, bytes */
};

struct guest_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint8_t *host; /* where guest_addr is mapped */
	void *map;     /* what to unmap: whole pages of the file */
	size_t map_size;
	volatile sig_atomic_t covered; /* a hole in it was touched */
};

struct guest_mem {
	struct guest_region *regions; /* sorted by guest_addr */
	unsigned int count;
	volatile sig_atomic_t broken; /* how many regions are covered */
	struct guest_mem *also;	      /* to be watched together with this */
	struct dirty_log *log;	      /* the owner's; NULL: not logging */
	struct iotlb *iotlb;	      /* the owner's; NULL: no IOMMU */
};

/* Makes an empty table. */
void guest_mem_init(struct guest_mem *mem);

/* Unmaps all regions and leaves an empty table. */
void guest_mem_clear(struct guest_mem *mem);

/*
 * Maps a region of the file @fd, which stays the caller's.
 * Returns 0; -EINVAL for a region that is empty, wraps round or is not wholly
 * inside its file; -EEXIST when it overlaps another, in guest or in user
 * addresses; -ENOSPC when the table is full; or what mmap(2) gives.
 * (vhost-user: ADD_MEM_REG, SET_MEM_TABLE)
 */
int guest_mem_add(struct guest_mem *mem, const struct guest_region_spec *spec,
		  int fd);

/*
 * Unmaps the region with @spec's guest address, size and user address.
 * Returns 0, or -ENOENT. (vhost-user: REM_MEM_REG)
 */
int guest_mem_remove(struct guest_mem *mem,
		     const struct guest_region_spec *spec);

/* Exchanges the contents of two tables. What is their owner's stays. */
void guest_mem_swap(struct guest_mem *a, struct guest_mem *b);

/*
 * Finds guest memory from @addr on. Returns a pointer to the first byte and
 * stores in @got how many of the @len bytes follow it without a gap in the
 * host's address space; NULL when @addr is not in the table or @len is 0.
 */
void *guest_mem_at(const struct guest_mem *mem, uint64_t addr, uint64_t len,
		   size_t *got);

/* guest_mem_dma() with an IOMMU. */
void *guest_mem_translate(const struct guest_mem *mem, uint64_t addr,
			  uint64_t len, unsigned int access, size_t *got);

/* By front-end user address; NULL unless all @len bytes are there. */
void *guest_mem_at_user(const struct guest_mem *mem, uint64_t addr,
			uint64_t len);

/*
 * The same, by an address as the driver gives it to the device: through the
 * IOMMU, if there is one. All of @access, IOTLB_... bits, must be allowed.
 * (VIRTIO_F_ACCESS_PLATFORM)
 */
static inline void *guest_mem_dma(const struct guest_mem *mem, uint64_t addr,
				  uint64_t len, unsigned int access,
				  size_t *got)
{
	if (mem->iotlb)
		return guest_mem_translate(mem, addr, len, access, got);
	return guest_mem_at(mem, addr, len, got);
}

/* Did the last guest_mem_dma() fail for want of a translation? */
static inline bool guest_mem_missed(const struct guest_mem *mem)
{
	return mem->iotlb && mem->iotlb->missed;
}

/*
 * Copies @len bytes at the driver's address @addr to @buf, once.
 * Returns 0, or -EFAULT when not all of it can be reached.
 */
int guest_mem_read(const struct guest_mem *mem, uint64_t addr, void *buf,
		   size_t len);

/*
 * Marks in ->log, which must be there, @len bytes at @at: a pointer into the
 * table. By pointer, as a guest's own address may be translated on its way.
 */
void guest_mem_log(const struct guest_mem *mem, const void *at, uint64_t len);

/* Says that @len bytes at @at were written, if anyone wants to know. */
static inline void guest_mem_wrote(const struct guest_mem *mem, const void *at,
				   uint64_t len)
{
	if (mem->log)
		guest_mem_log(mem, at, len);
}

/*
 * Installs the process's SIGBUS handler. A SIGBUS outside watched guest
 * memory, and its log, ends the process as ever. Returns 0 or a negative errno.
 */
int guest_mem_handle_sigbus(void);

/*
 * Names the table whose regions the calling thread may touch, and those that
 * follow it by their ->also; NULL for none. They must outlive the watch.
 */
void guest_mem_watch(struct guest_mem *mem);

#endif
