/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The dirty log of a migration: a bitmap of the pages that the device has
 * written. The front end shares it, and reads and clears bits while the device
 * sets them. (vhost-user: Migration)
 *
 * Write first, then mark. If a page were marked first, the front end could
 * clear the bit and copy the page before the write.
 */
#ifndef DIRTY_LOG_H
#define DIRTY_LOG_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRTY_LOG_PAGE 4096u /* bytes; VHOST_LOG_PAGE on every host */

struct dirty_log {
	uint8_t *bits;	/* page n is bit n % 8 of byte n / 8; NULL: no log */
	uint64_t pages; /* how many there are bits for, from address 0 on */
	void *map;	/* the mapping */
	size_t map_size;
	bool marked; /* a bit was set since the owner cleared this */
	/*
	 * Marks were lost, because the log is too short or its file was
	 * truncated. The migration cannot use it.
	 */
	volatile sig_atomic_t lost;
};

/*
 * Maps the log of @size bytes at @offset of the file @fd. The caller keeps @fd.
 * Returns 0; or, with @log unchanged, -EINVAL if the log is empty or longer
 * than its file, or a negative errno of mmap(2).
 */
int dirty_log_open(struct dirty_log *log, int fd, uint64_t offset,
		   uint64_t size);

/* Unmaps the log, if there is one. */
void dirty_log_close(struct dirty_log *log);

/* Returns true if the log has a bit for guest address @last. */
bool dirty_log_covers(const struct dirty_log *log, uint64_t last);

/* Marks the pages of @len bytes at guest address @addr. */
void dirty_log_mark(struct dirty_log *log, uint64_t addr, uint64_t len);

/*
 * For the SIGBUS handler: if @addr is in the log, replaces the log by private
 * memory, sets ->lost and returns true.
 */
bool dirty_log_zero(struct dirty_log *log, const void *addr);

#endif
