// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/device/store/chip_store.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ERASED	      0xff
#define PROGRAM_CHUNK 2048 /* on a worker's stack */

size_t chip_store_kept_size(size_t size, const char *file)
{
	size_t contents = file ? 0 : size + CHIP_STATE_SIZE - 1;

	return CHIP_STATE_SIZE + contents - contents % CHIP_STATE_SIZE;
}

int chip_store_open(struct chip_store *store, size_t size, const char *file,
		    void *kept)
{
	*store = (struct chip_store){ .size = size };
	if (file) {
		int ret = chip_image_open(&store->image, file, size);

		store->kept = ret ? NULL : kept;
		return ret;
	}
	store->kept = kept;
	if (kept) {
		store->memory = (uint8_t *)kept + CHIP_STATE_SIZE;
		return 0;
	}
	store->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);
	return store->memory == MAP_FAILED ? -errno : 0;
}

void chip_store_close(struct chip_store *store)
{
	const char *file = store->memory ? NULL : store->image.path;

	if (store->kept)
		munmap(store->kept, chip_store_kept_size(store->size, file));
	else if (store->memory)
		munmap(store->memory, store->size);
	if (file)
		chip_image_close(&store->image);
}

void chip_store_discard(struct chip_store *store)
{
	if (store->kept && store->memory)
		chip_store_erase(store, 0, store->size);
}

int chip_store_read(const struct chip_store *store, uint32_t addr,
		    uint8_t *bytes, size_t len)
{
	if (!store->memory)
		return chip_image_read(&store->image, addr, bytes, len);
	for (size_t i = 0; i < len; i++)
		bytes[i] = store->memory[addr + i] ^ ERASED;
	return 0;
}

static void program_memory(struct chip_store *store, uint32_t addr,
			   const uint8_t *bytes, size_t len)
{
	/* Only a change is worth a page of memory. */
	for (size_t i = 0; i < len; i++)
		if (~store->memory[addr + i] & ~bytes[i] & ERASED)
			store->memory[addr + i] |= (uint8_t)~bytes[i];
}

static int program_image(const struct chip_image *image, uint32_t addr,
			 const uint8_t *bytes, size_t len)
{
	uint8_t chunk[PROGRAM_CHUNK];
	int ret = chip_image_read(image, addr, chunk, len);

	if (ret)
		return ret;
	for (size_t i = 0; i < len; i++)
		chunk[i] &= bytes[i];
	return chip_image_write(image, addr, chunk, len);
}

int chip_store_program(struct chip_store *store, uint32_t addr,
		       const uint8_t *bytes, size_t len)
{
	int ret = 0;

	if (store->memory) {
		program_memory(store, addr, bytes, len);
		return 0;
	}
	while (!ret && len) {
		size_t n = len < PROGRAM_CHUNK ? len : PROGRAM_CHUNK;

		ret = program_image(&store->image, addr, bytes, n);
		addr += (uint32_t)n;
		bytes += n;
		len -= n;
	}
	return ret;
}

int chip_store_write(struct chip_store *store, uint32_t addr,
		     const uint8_t *bytes, size_t len)
{
	if (!store->memory)
		return chip_image_write(&store->image, addr, bytes, len);
	for (size_t i = 0; i < len; i++)
		store->memory[addr + i] = bytes[i] ^ ERASED;
	return 0;
}

/* Whole pages of memory go back to the system, and read as zero. */
static bool erase_pages(const struct chip_store *store, uint8_t *at, size_t len)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	int advice = store->kept ? MADV_REMOVE : MADV_DONTNEED;

	return !(((uintptr_t)at | len) % page_size) &&
	       !madvise(at, len, advice);
}

int chip_store_erase(struct chip_store *store, uint32_t addr, size_t len)
{
	if (!store->memory)
		return chip_image_erase(&store->image, addr, len);
	if (!erase_pages(store, store->memory + addr, len))
		memset(store->memory + addr, 0, len);
	return 0;
}
