/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/part/page_log.h"

#include "vhost/wire/peer_fd.h"

void vhost_page_log_init(struct vhost_page_log *log)
{
	*log = (struct vhost_page_log){ .event = -1 };
}

void vhost_page_log_close(struct vhost_page_log *log)
{
	dirty_log_close(&log->dirty);
	log->loss_told = false;
}

void vhost_page_log_set(struct vhost_page_log *log,
			const struct dirty_log *dirty)
{
	bool marked = log->dirty.marked;

	vhost_page_log_close(log);
	log->dirty = *dirty;
	log->dirty.marked = marked;
}

void vhost_page_log_set_event(struct vhost_page_log *log, int fd)
{
	vhost_close_fd(&log->event);
	log->event = fd;
	/* The signal for the marks so far may have gone to the old one. */
	log->dirty.marked = log->dirty.bits;
}

int vhost_page_log_signal(struct vhost_page_log *log)
{
	int ret = 0;

	if (!log->dirty.marked)
		return 0;
	log->dirty.marked = false;
	ret = vhost_signal_fd(log->event, vhost_fd_blocks(log->event));
	/* A descriptor that blocked once would block again. */
	if (ret < 0)
		vhost_close_fd(&log->event);
	return ret;
}

bool vhost_page_log_lost(struct vhost_page_log *log)
{
	if (!log->dirty.lost || log->loss_told)
		return false;
	log->loss_told = true;
	return true;
}

bool vhost_page_log_covers(const struct dirty_log *dirty,
			   const struct guest_mem *mem)
{
	const struct guest_region *last;

	if (!mem->count)
		return true;
	last = &mem->regions[mem->count - 1];
	return dirty_log_covers(dirty, last->guest_addr + last->size - 1);
}
