/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The log of pages that the device has written, for a migration: a bitmap
 * shared with the front end, which reads and clears it while we set bits.
 * (vhost-user: Migration)
 *
 * Mark what was written after it was written. A page that is marked first can
 * be copied, and its bit be cleared, before the write is in it.
 */
#ifndef DIRTY_LOG_H
#define DIRTY_LOG_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRTY_LOG_PAGE 4096u /* bytes; VHOST_LOG_PAGE, on every host */

struct dirty_log {
	uint8_t *bits;	/* page n is bit n % 8 of byte n / 8; NULL: no log */
	uint64_t pages; /* how many there are bits for, from address 0 on */
	void *map;	/* what to unmap */
	size_t map_size;
	bool unseen; /* something was marked: the owner may clear it */
	/* Some marks had no place: the log's file was cut short, or the */
	volatile sig_atomic_t lost; /* log is too short. It is worthless. */
};

/*
 * Maps the log of @size bytes at @offset of the file @fd, which stays the
 * caller's. Returns 0; -EINVAL when it is empty or not wholly inside its
 * file; or what mmap(2) gives, with @log as it was.
 */
int dirty_log_open(struct dirty_log *log, int fd, uint64_t offset,
		   uint64_t size);

/* Unmaps the log, if there is one. */
void dirty_log_close(struct dirty_log *log);

/* Is there a bit for guest address @last? */
bool dirty_log_covers(const struct dirty_log *log, uint64_t last);

/* Marks the pages of @len bytes at guest address @addr. */
void dirty_log_mark(struct dirty_log *log, uint64_t addr, uint64_t len);

/*
 * For the SIGBUS handler: if @addr is in the log, makes it private memory and
 * ->lost. Returns whether it did.
 */
bool dirty_log_cover(struct dirty_log *log, const void *addr);

#endif
