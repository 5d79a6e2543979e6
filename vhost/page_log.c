/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The log of dirty pages, while a guest migrates: where it is, and when. */
#include <stdio.h>
#include <string.h>

#include "vhost/handlers.h"

/*
 * A guest can ack LOG_ALL where the front end passes it on, and no log was
 * ever set; so it takes both.
 */
void vhost_log_switch(struct vhost_session *s)
{
	bool wanted = s->features & 1ull << VHOST_F_LOG_ALL;

	s->mem.log = wanted && s->log.bits ? &s->log : NULL;
}

void vhost_drop_log(struct vhost_session *s)
{
	dirty_log_close(&s->log);
	s->log = (struct dirty_log){ 0 };
	s->log_loss_told = false;
	vhost_log_switch(s);
}

void vhost_log_tell(struct vhost_session *s)
{
	if (s->log.marked) {
		s->log.marked = false;
		if (vhost_signal_fd(s->log_event) < 0) {
			vhost_close_fd(&s->log_event);
			s->held = true;
		}
	}
	if (s->log.lost && !s->log_loss_told) {
		s->log_loss_told = true;
		snprintf(
			s->reason, sizeof(s->reason),
			"the log of dirty pages is too short or was cut short");
	}
}

/* Is there a bit for each page of guest memory? */
static bool covers_memory(const struct dirty_log *log,
			  const struct guest_mem *mem)
{
	const struct guest_region *last;

	if (!mem->count)
		return true;
	last = &mem->regions[mem->count - 1];
	return dirty_log_covers(log, last->guest_addr + last->size - 1);
}

/*
 * The reply is the payload: some front ends read a log description, those
 * that read nothing do not mind.
 */
int vhost_set_log_base(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_log *wire = &msg->payload.log;
	int fd = vhost_msg_take_fd(msg, 0);
	struct dirty_log log = { 0 };
	int ret;

	if (fd < 0)
		return vhost_refuse(s, "a log without a file");
	ret = dirty_log_open(&log, fd, wire->offset, wire->size);
	vhost_close_fd(&fd);
	if (ret < 0)
		return vhost_refuse(s, "0x%llx bytes at 0x%llx: %s",
				    (unsigned long long)wire->size,
				    (unsigned long long)wire->offset,
				    strerror(-ret));
	if (!covers_memory(&log, &s->mem)) {
		dirty_log_close(&log);
		return vhost_refuse(s, "the log does not cover guest memory");
	}
	log.marked = s->log.marked;
	dirty_log_close(&s->log);
	s->log = log;
	s->log_loss_told = false;
	vhost_log_switch(s);
	s->reply.log = *wire;
	s->reply_size = sizeof(s->reply.log);
	return 0;
}

int vhost_set_log_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	int fd = vhost_msg_take_fd(msg, 0);

	if (fd < 0)
		return vhost_refuse(s, "comes without a descriptor");
	if (s->held || !vhost_fd_can_signal(fd)) {
		vhost_close_fd(&fd);
		return vhost_refuse(s, s->held ? "an earlier one blocked"
					       : "no eventfd, pipe or socket");
	}
	vhost_close_fd(&s->log_event);
	s->log_event = fd;
	/* The signal for the marks so far may have gone to the old one. */
	s->log.marked = s->log.bits;
	vhost_log_tell(s);
	return 0;
}
