/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/front/front_log.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static int log_map(struct front_log *log)
{
	void *map;

	if (ftruncate(log->fd, log->offset + log->size) < 0)
		return -errno;
	map = mmap(NULL, log->offset + log->size, PROT_READ | PROT_WRITE,
		   MAP_SHARED, log->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	log->map = map;
	log->bits = log->map + log->offset;
	return 0;
}

int front_log_open(struct front_log *log, uint64_t end, uint64_t offset)
{
	int err;

	*log = (struct front_log){
		/* As in QEMU, whole 64-bit words */
		.size = (end / FRONT_MEM_PAGE / 64 + 1) * 8,
		.offset = offset,
	};
	log->fd = memfd_create("dirty-log", MFD_CLOEXEC);
	if (log->fd < 0)
		return -errno;
	err = log_map(log);
	if (err)
		close(log->fd);
	return err;
}

void front_log_close(struct front_log *log)
{
	munmap(log->map, log->offset + log->size);
	close(log->fd);
}

uint64_t front_log_end(const struct front_mem *mem)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < mem->count; i++) {
		const struct front_region *r = &mem->regions[i];

		if (r->guest_addr + r->size > end)
			end = r->guest_addr + r->size;
	}
	return end;
}

bool front_log_take(struct front_log *log, uint64_t addr)
{
	uint64_t page = addr / FRONT_MEM_PAGE;
	uint8_t bit = 1u << page % 8;

	if (page / 8 >= log->size)
		return false;
	/* Acquire: a copy of the page after this has the marked write. */
	return __atomic_fetch_and(&log->bits[page / 8], (uint8_t)~bit,
				  __ATOMIC_ACQUIRE) &
	       bit;
}

bool front_log_find(const struct front_log *log, uint64_t *addr)
{
	for (uint64_t i = 0; i < log->size; i++) {
		uint8_t byte = __atomic_load_n(&log->bits[i], __ATOMIC_RELAXED);

		if (!byte)
			continue;
		*addr = (i * 8 + __builtin_ctz(byte)) * FRONT_MEM_PAGE;
		return true;
	}
	return false;
}

void front_log_clear(struct front_log *log)
{
	for (uint64_t i = 0; i < log->size; i++)
		__atomic_store_n(&log->bits[i], 0, __ATOMIC_RELAXED);
}
