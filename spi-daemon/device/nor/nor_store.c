// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/nor/nor_store.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ERASED 0xff

int nor_store_open(struct nor_store *store, size_t size, const char *file)
{
	*store = (struct nor_store){ .size = size };
	if (file)
		return nor_image_open(&store->image, file, size);
	store->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);
	return store->memory == MAP_FAILED ? -errno : 0;
}

void nor_store_use(struct nor_store *store, size_t size, uint8_t *memory)
{
	*store = (struct nor_store){
		.size = size,
		.memory = memory,
		.shared = true,
	};
}

void nor_store_close(struct nor_store *store)
{
	if (store->shared)
		return;
	if (store->memory)
		munmap(store->memory, store->size);
	else
		nor_image_close(&store->image);
}

int nor_store_read(const struct nor_store *store, uint32_t addr, uint8_t *bytes,
		   size_t len)
{
	if (!store->memory)
		return nor_image_read(&store->image, addr, bytes, len);
	for (size_t i = 0; i < len; i++)
		bytes[i] = store->memory[addr + i] ^ ERASED;
	return 0;
}

static void program_memory(struct nor_store *store, uint32_t addr,
			   const uint8_t *bytes, size_t len)
{
	/* Only a change is worth a page of memory. */
	for (size_t i = 0; i < len; i++)
		if (~store->memory[addr + i] & ~bytes[i] & ERASED)
			store->memory[addr + i] |= (uint8_t)~bytes[i];
}

int nor_store_program(struct nor_store *store, uint32_t addr,
		      const uint8_t *bytes, size_t len)
{
	uint8_t page[NOR_PROGRAM_MAX];
	int ret;

	assert(len <= sizeof(page));
	if (store->memory) {
		program_memory(store, addr, bytes, len);
		return 0;
	}
	ret = nor_image_read(&store->image, addr, page, len);
	if (ret)
		return ret;
	for (size_t i = 0; i < len; i++)
		page[i] &= bytes[i];
	return nor_image_write(&store->image, addr, page, len);
}

int nor_store_erase(struct nor_store *store, uint32_t addr, size_t len)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	int advice = store->shared ? MADV_REMOVE : MADV_DONTNEED;

	if (!store->memory)
		return nor_image_erase(&store->image, addr, len);
	/* Whole pages of memory go back to the system, and read as zero. */
	if (len < page_size || madvise(store->memory + addr, len, advice) < 0)
		memset(store->memory + addr, 0, len);
	return 0;
}
