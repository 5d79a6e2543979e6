/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t pages(uint64_t len)
{
	return (len + FRONT_MEM_PAGE - 1) / FRONT_MEM_PAGE;
}

void front_mem_init(struct front_mem *mem)
{
	mem->count = 0;
}

static void region_close(struct front_region *region)
{
	munmap(region->host, region->size);
	close(region->fd);
	free(region->page_used);
}

void front_mem_close(struct front_mem *mem)
{
	for (unsigned int i = 0; i < mem->count; i++)
		region_close(&mem->regions[i]);
	mem->count = 0;
}

static int region_open(struct front_region *region)
{
	void *host;
	int err;

	region->page_used = calloc(pages(region->size), 1);
	if (!region->page_used)
		return -ENOMEM;
	region->fd = memfd_create("guest-memory", MFD_CLOEXEC);
	if (region->fd < 0) {
		err = -errno;
		goto free_pages;
	}
	if (ftruncate(region->fd, region->mmap_offset + region->size) < 0) {
		err = -errno;
		goto close_fd;
	}
	host = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		    region->fd, region->mmap_offset);
	if (host == MAP_FAILED) {
		err = -errno;
		goto close_fd;
	}
	region->host = host;
	return 0;

close_fd:
	close(region->fd);
free_pages:
	free(region->page_used);
	return err;
}

int front_mem_add(struct front_mem *mem, uint64_t guest_addr, uint64_t size,
		  uint64_t mmap_offset)
{
	struct front_region region = {
		.guest_addr = guest_addr,
		.size = size,
		.mmap_offset = mmap_offset,
	};
	int err;

	if (mem->count == FRONT_MEM_MAX_REGIONS)
		return -ENOSPC;
	err = region_open(&region);
	if (err)
		return err;
	mem->regions[mem->count] = region;
	return mem->count++;
}

/* First fit: returns the index of the first of @want free pages, or -1. */
static int64_t region_find(const struct front_region *region, uint64_t want)
{
	uint64_t run = 0;

	for (uint64_t i = 0; i < pages(region->size); i++) {
		run = region->page_used[i] ? 0 : run + 1;
		if (run == want)
			return i + 1 - want;
	}
	return -1;
}

int front_mem_alloc(struct front_mem *mem, uint64_t len, uint64_t *addr)
{
	uint64_t want = len ? pages(len) : 1;

	for (unsigned int i = 0; i < mem->count; i++) {
		struct front_region *region = &mem->regions[i];
		int64_t first = region_find(region, want);

		if (first < 0)
			continue;
		memset(&region->page_used[first], 1, want);
		memset(&region->host[first * FRONT_MEM_PAGE], FRONT_MEM_POISON,
		       want * FRONT_MEM_PAGE);
		*addr = region->guest_addr + first * FRONT_MEM_PAGE;
		return 0;
	}
	return -ENOMEM;
}

/* Returns the region that contains @addr, or NULL. */
static const struct front_region *region_of(const struct front_mem *mem,
					    uint64_t addr)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		const struct front_region *region = &mem->regions[i];

		if (addr >= region->guest_addr &&
		    addr - region->guest_addr < region->size)
			return region;
	}
	return NULL;
}

void front_mem_free(struct front_mem *mem, uint64_t addr, uint64_t len)
{
	const struct front_region *region = region_of(mem, addr);

	if (region)
		memset(&region->page_used[(addr - region->guest_addr) /
					  FRONT_MEM_PAGE],
		       0, len ? pages(len) : 1);
}

/* The unit of front_mem_scatter(): two pages */
#define SCATTER_BLOCK (2 * (uint64_t)FRONT_MEM_PAGE)

/* Translates a driver's @offset into @region: the last block comes first. */
static uint64_t scatter(const struct front_region *region, uint64_t offset)
{
	uint64_t even = region->size - region->size % SCATTER_BLOCK;

	if (offset >= even)
		return offset;
	return even - SCATTER_BLOCK - (offset - offset % SCATTER_BLOCK) +
	       offset % SCATTER_BLOCK;
}

int front_mem_scatter(struct front_region *region)
{
	for (uint64_t at = 0; at + SCATTER_BLOCK <= region->size;
	     at += SCATTER_BLOCK) {
		off_t from = region->mmap_offset + scatter(region, at);

		if (mmap(region->host + at, SCATTER_BLOCK,
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 region->fd, from) == MAP_FAILED)
			return -errno;
	}
	region->scattered = true;
	return 0;
}

uint64_t front_mem_guest_addr(const struct front_mem *mem, uint64_t addr)
{
	const struct front_region *region = region_of(mem, addr);

	if (!region || !region->scattered)
		return addr;
	return region->guest_addr + scatter(region, addr - region->guest_addr);
}

void *front_mem_at(const struct front_mem *mem, uint64_t addr, uint64_t len)
{
	const struct front_region *region = region_of(mem, addr);

	if (!region || len > region->size - (addr - region->guest_addr))
		return NULL;
	return region->host + (addr - region->guest_addr);
}

/* Copies from @from to the guest if @to_guest, else from the guest to @to. */
static int copy(const struct front_mem *mem, uint64_t addr, uint8_t *to,
		const uint8_t *from, size_t len, bool to_guest)
{
	while (len > 0) {
		const struct front_region *region = region_of(mem, addr);
		uint64_t offset, n;

		if (!region)
			return -EFAULT;
		offset = addr - region->guest_addr;
		n = region->size - offset;
		if (n > len)
			n = len;
		if (to_guest) {
			memcpy(region->host + offset, from, n);
			from += n;
		} else {
			memcpy(to, region->host + offset, n);
			to += n;
		}
		addr += n;
		len -= n;
	}
	return 0;
}

int front_mem_write(const struct front_mem *mem, uint64_t addr,
		    const void *data, size_t len)
{
	return copy(mem, addr, NULL, data, len, true);
}

int front_mem_read(const struct front_mem *mem, uint64_t addr, void *data,
		   size_t len)
{
	return copy(mem, addr, data, NULL, len, false);
}
