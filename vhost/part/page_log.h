/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The log of dirty pages, while a guest migrates, and the eventfd that tells
 * the front end of it. (vhost-user: SET_LOG_BASE, SET_LOG_FD)
 */
#ifndef VHOST_PAGE_LOG_H
#define VHOST_PAGE_LOG_H

#include <stdbool.h>

#include "virtio/mem/dirty_log.h"
#include "virtio/mem/guest_mem.h"

struct vhost_page_log {
	struct dirty_log dirty; /* in use while the owner's memory points to */
				/* it; ->dirty.bits is NULL: no log */
	int event;		/* eventfd, owned; -1: none */
	bool loss_told;		/* vhost_page_log_lost() has returned true */
};

/* No log, no eventfd. */
void vhost_page_log_init(struct vhost_page_log *log);

/* Unmaps the log, if there is one; the eventfd stays. */
void vhost_page_log_close(struct vhost_page_log *log);

/* Uses @dirty, which is the log's from now on, in place of the one before. */
void vhost_page_log_set(struct vhost_page_log *log,
			const struct dirty_log *dirty);

/* Signals @fd, which is the log's, from now on; -1: none. */
void vhost_page_log_set_event(struct vhost_page_log *log, int fd);

/*
 * Signals the eventfd if pages were marked since it was signalled last, or if
 * the front end may not have heard of some. Returns 0, or -EINTR when the
 * eventfd blocked, and was closed: see vhost_signal_fd().
 */
int vhost_page_log_signal(struct vhost_page_log *log);

/* Returns true, once for each log, if marks were lost: it is worthless. */
bool vhost_page_log_lost(struct vhost_page_log *log);

/* Returns true if @dirty has a bit for each page of @mem. */
bool vhost_page_log_covers(const struct dirty_log *dirty,
			   const struct guest_mem *mem);

#endif
