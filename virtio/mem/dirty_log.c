/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <sys/mman.h>

#include "virtio/mem/dirty_log.h"
#include "virtio/mem/file_map.h"

int dirty_log_open(struct dirty_log *log, int fd, uint64_t offset,
		   uint64_t size)
{
	struct file_map map = { 0 };
	uint64_t end;
	int ret;

	if (!size || __builtin_add_overflow(offset, size, &end) ||
	    end > INT64_MAX)
		return -EINVAL;
	ret = file_map_open(&map, fd, offset, size);
	if (ret < 0)
		return ret;
	*log = (struct dirty_log){
		.bits = map.at,
		.pages = size * 8,
		.map = map.pages,
		.map_size = map.bytes,
	};
	return 0;
}

void dirty_log_close(struct dirty_log *log)
{
	if (log->bits)
		munmap(log->map, log->map_size);
	*log = (struct dirty_log){ 0 };
}

bool dirty_log_covers(const struct dirty_log *log, uint64_t last)
{
	return last / DIRTY_LOG_PAGE < log->pages;
}

/* Returns a byte with the bits from @from to @to set, both included. */
static uint8_t bits_between(unsigned int from, unsigned int to)
{
	return (uint8_t)(0xffu << from & 0xffu >> (7 - to));
}

void dirty_log_mark(struct dirty_log *log, uint64_t addr, uint64_t len)
{
	uint64_t page = addr / DIRTY_LOG_PAGE, last;

	if (!len)
		return;
	if (__builtin_add_overflow(addr, len - 1, &last))
		last = UINT64_MAX;
	if (!dirty_log_covers(log, last)) {
		log->lost = 1;
		last = (log->pages - 1) * DIRTY_LOG_PAGE;
	}
	last /= DIRTY_LOG_PAGE;

	while (page <= last) {
		uint64_t byte_end = page | 7;
		uint64_t to = byte_end < last ? byte_end : last;

		/*
		 * Release: a front end that sees the bit sees the write too.
		 * Set the bit even if it is set already: the front end may
		 * just be clearing it, without having seen the write.
		 */
		__atomic_fetch_or(&log->bits[page / 8],
				  bits_between(page % 8, to % 8),
				  __ATOMIC_RELEASE);
		page = to + 1;
	}
	log->marked = true;
}

bool dirty_log_zero(struct dirty_log *log, const void *addr)
{
	const uint8_t *map = log->map, *at = addr;

	if (!map || at < map || at >= map + log->map_size ||
	    !file_map_zero(log->map, log->map_size))
		return false;
	log->lost = 1;
	return true;
}
