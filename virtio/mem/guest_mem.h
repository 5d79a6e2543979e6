/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guest memory: the table of regions that a front end shares. This is the only
 * place where guest addresses become host pointers.
 *
 * A host pointer is valid until the table changes. The guest can change the
 * bytes at any time: read them once into a local, then check, then use.
 *
 * A front end can truncate a file that backs a region. An access to the missing
 * part raises SIGBUS. The handler replaces the region by zeros and counts it in
 * ->broken. So the access ends, and only that session has to be stopped.
 */
#ifndef GUEST_MEM_H
#define GUEST_MEM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/mem/dirty_log.h"
#include "virtio/mem/iotlb.h"

/* What other back ends offer with CONFIGURE_MEM_SLOTS. */
#define GUEST_MEM_MAX_REGIONS 509

/* One region as a front end describes it. */
struct guest_region_spec {
	uint64_t guest_addr;
	uint64_t size;	      /* bytes */
	uint64_t user_addr;   /* virtual address in the front end */
	uint64_t mmap_offset; /* where the region begins in its file, bytes */
};

struct guest_region {
	uint64_t guest_addr;
	uint64_t size;
	uint64_t user_addr;
	uint8_t *host; /* where guest_addr is mapped */
	void *map;     /* the mapping: whole pages of the file */
	size_t map_size;
	volatile sig_atomic_t zeroed; /* the file was truncated: zeros now */
};

struct guest_mem {
	struct guest_region *regions; /* sorted by guest_addr */
	unsigned int count;
	volatile sig_atomic_t broken; /* number of zeroed regions */
	struct guest_mem *also;	      /* next table of guest_mem_watch() */
	struct dirty_log *log;	      /* not owned; NULL: not logging */
	struct iotlb *iotlb;	      /* not owned; NULL: no IOMMU */
};

/* Makes an empty table. */
void guest_mem_init(struct guest_mem *mem);

/* Unmaps all regions and leaves an empty table. */
void guest_mem_clear(struct guest_mem *mem);

/*
 * Maps a region of the file @fd. The caller keeps @fd.
 * Returns 0; -EINVAL if the region is empty, wraps round or is longer than its
 * file; -EEXIST if it overlaps another one, in guest or in user addresses;
 * -ENOSPC if the table is full; or a negative errno of mmap(2).
 * (vhost-user: ADD_MEM_REG, SET_MEM_TABLE)
 */
int guest_mem_add(struct guest_mem *mem, const struct guest_region_spec *spec,
		  int fd);

/*
 * Unmaps the region that has the guest address, size and user address of @spec.
 * Returns 0, or -ENOENT. (vhost-user: REM_MEM_REG)
 */
int guest_mem_remove(struct guest_mem *mem,
		     const struct guest_region_spec *spec);

/* Exchanges the regions of two tables. ->also, ->log and ->iotlb stay. */
void guest_mem_swap(struct guest_mem *a, struct guest_mem *b);

/*
 * Returns the index of the last region that starts at or below guest address
 * @addr, without branches: if any region has @addr, it is that one. Else 0.
 */
static inline unsigned int guest_mem_index(const struct guest_mem *mem,
					   uint64_t addr)
{
	const struct guest_region *r = mem->regions;

	for (unsigned int count = mem->count; count > 1; count -= count / 2)
		r += r[count / 2].guest_addr <= addr ? count / 2 : 0;
	return (unsigned int)(r - mem->regions);
}

/*
 * Finds guest memory at guest address @addr. Returns a pointer to the first
 * byte, and stores in @got how many of the @len bytes are contiguous in the
 * host's address space. Returns NULL if @addr is in no region or @len is 0.
 */
static inline void *guest_mem_at(const struct guest_mem *mem, uint64_t addr,
				 uint64_t len, size_t *got)
{
	const struct guest_region *r;
	uint64_t offset;

	if (!mem->count || !len)
		return NULL;
	r = mem->regions + guest_mem_index(mem, addr);
	offset = addr - r->guest_addr;
	if (addr < r->guest_addr || offset >= r->size)
		return NULL;
	*got = len < r->size - offset ? len : r->size - offset;
	return r->host + offset;
}

/* Implements guest_mem_dma() behind an IOMMU. */
void *guest_mem_translate(const struct guest_mem *mem, uint64_t addr,
			  uint64_t len, unsigned int access, size_t *got);

/*
 * Finds guest memory by front-end user address. Returns NULL unless one region
 * has all @len bytes.
 */
void *guest_mem_at_user(const struct guest_mem *mem, uint64_t addr,
			uint64_t len);

/*
 * As guest_mem_at(), but by an address that the driver gave to the device: the
 * IOMMU, if there is one, translates it. Returns NULL also if the IOMMU does
 * not allow all of @access, IOTLB_... bits. (VIRTIO_F_ACCESS_PLATFORM)
 */
static inline void *guest_mem_dma(const struct guest_mem *mem, uint64_t addr,
				  uint64_t len, unsigned int access,
				  size_t *got)
{
	if (mem->iotlb)
		return guest_mem_translate(mem, addr, len, access, got);
	return guest_mem_at(mem, addr, len, got);
}

/*
 * Returns a guess for guest_mem_near(), of where the byte at the driver's
 * address @addr is: the index of its region, or, behind an IOMMU, of its
 * translation.
 */
unsigned int guest_mem_guess(const struct guest_mem *mem, uint64_t addr);

/* Implements guest_mem_near() behind an IOMMU. */
void *guest_mem_near_iommu(const struct guest_mem *mem, unsigned int near,
			   uint64_t addr, uint64_t len, unsigned int access);

/*
 * As guest_mem_dma() of all @len bytes, 1 or more, if they are where @near, an
 * earlier guess or any number, says. Returns NULL if they are not, or not all
 * of them: then guest_mem_dma() tells.
 */
static inline void *guest_mem_near(const struct guest_mem *mem,
				   unsigned int near, uint64_t addr,
				   uint64_t len, unsigned int access)
{
	const struct guest_region *r;
	uint64_t offset;

	if (__builtin_expect(mem->iotlb != NULL, 0))
		return guest_mem_near_iommu(mem, near, addr, len, access);
	if (near >= mem->count)
		return NULL;
	r = &mem->regions[near];
	/* Below the region this wraps round, and is more than any size. */
	offset = addr - r->guest_addr;
	if (offset >= r->size || len > r->size - offset)
		return NULL;
	return r->host + offset;
}

/* Returns true if the last guest_mem_dma() failed without a translation. */
static inline bool guest_mem_missed(const struct guest_mem *mem)
{
	return mem->iotlb && mem->iotlb->missed;
}

/*
 * Copies @len bytes at the driver's address @addr to @buf and reads each byte
 * once. Returns 0, or -EFAULT if some of them are not accessible.
 */
int guest_mem_read(const struct guest_mem *mem, uint64_t addr, void *buf,
		   size_t len);

/*
 * Marks @len bytes in ->log, which must not be NULL. @at is a host pointer
 * into the table, because the driver's address may not be a guest address.
 */
void guest_mem_log(const struct guest_mem *mem, const void *at, uint64_t len);

/* Marks the @len bytes at @at as written if a log is active. */
static inline void guest_mem_wrote(const struct guest_mem *mem, const void *at,
				   uint64_t len)
{
	if (mem->log)
		guest_mem_log(mem, at, len);
}

/*
 * Installs the SIGBUS handler of the process. A SIGBUS that is not in watched
 * guest memory or its log does what one did before the call. Returns 0 or a
 * negative errno.
 */
int guest_mem_handle_sigbus(void);

/*
 * Sets the table that the calling thread accesses; ->also links further ones.
 * NULL ends the watch. The tables must exist until then.
 */
void guest_mem_watch(struct guest_mem *mem);

#endif
