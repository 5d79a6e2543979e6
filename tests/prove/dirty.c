/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The log of dirty pages: one is opened, and a range is marked.
 *
 * Front end: a log of any size at any place of its file.
 * Guest: any address, any length.
 * Bound: logs of up to 3 bytes, which are of 24 pages.
 *
 * cbmc: --unwind 5 --conversion-check
 */
#include "tests/prove/prove.h"

#include "virtio/mem/dirty_log.c"

#define MOST 3 /* bytes of a log */

static uint8_t bytes[MOST];

/* The log ends where its mapping does. regions.c has the proof of this. */
int file_map_open(struct file_map *map, int fd, uint64_t offset, uint64_t size)
{
	(void)fd;
	assert(size && offset <= INT64_MAX && size <= INT64_MAX - offset);
	if (size > MOST || nondet_bool())
		return -ENOMEM;
	*map = (struct file_map){ .at = bytes + MOST - size };
	return 0;
}

static bool is_marked(const struct dirty_log *log, uint64_t page)
{
	return log->bits[page / 8] >> page % 8 & 1;
}

/* Returns true if a byte of the range is in the page; it may wrap round. */
static bool has_page(uint64_t addr, uint64_t len, uint64_t page)
{
	const uint64_t first = addr / DIRTY_LOG_PAGE;
	const uint64_t room = UINT64_MAX - addr;
	const uint64_t last = len && len - 1 < room ? addr + len - 1
						    : UINT64_MAX;

	return len && page >= first && page <= last / DIRTY_LOG_PAGE;
}

/* Pages of the range are marked, others are as they were. */
static void mark(struct dirty_log *log)
{
	const uint64_t addr = nondet_u64(), len = nondet_u64();
	const uint64_t page = nondet_u64(), far = nondet_u64();
	bool before;

	assume(page < log->pages && far >= log->pages);
	assume(far <= UINT64_MAX / DIRTY_LOG_PAGE);
	before = is_marked(log, page);
	dirty_log_mark(log, addr, len);
	assert(is_marked(log, page) == (before || has_page(addr, len, page)));
	assert(!has_page(addr, len, far) || log->lost);
	assert(log->marked == !!len);
}

int main(void)
{
	struct dirty_log log = { 0 };
	uint8_t any[MOST];

	for (unsigned int i = 0; i < MOST; i++)
		bytes[i] = any[i];
	if (dirty_log_open(&log, 0, nondet_u64(), nondet_u64()) < 0) {
		assert(!log.bits);
		return 0;
	}
	mark(&log);
	return 0;
}
