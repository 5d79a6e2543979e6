/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that bring the log of dirty pages, and its eventfd. */
#include <string.h>

#include "vhost/request/handlers.h"

/*
 * The reply is the payload: some front ends expect it, and others accept any
 * reply.
 */
int vhost_set_log_base(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_log *wire = &msg->payload.log;
	int fd = vhost_msg_take_fd(msg, 0);
	struct dirty_log dirty = { 0 };
	int ret;

	if (fd < 0)
		return vhost_refuse(s, "a log without a file");
	ret = dirty_log_open(&dirty, fd, wire->offset, wire->size);
	vhost_close_fd(&fd);
	if (ret < 0)
		return vhost_refuse(s, "0x%llx bytes at 0x%llx: %s",
				    (unsigned long long)wire->size,
				    (unsigned long long)wire->offset,
				    strerror(-ret));
	if (!vhost_page_log_covers(&dirty, &s->mem)) {
		dirty_log_close(&dirty);
		return vhost_refuse(s, "the log does not cover guest memory");
	}
	vhost_page_log_set(&s->log, &dirty);
	vhost_switch_log(s);
	s->reply.log = *wire;
	s->reply_size = sizeof(s->reply.log);
	return 0;
}

int vhost_set_log_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	int fd = vhost_msg_take_fd(msg, 0);

	if (fd < 0)
		return vhost_refuse(s, "comes without a descriptor");
	if (s->fd_blocked || !vhost_fd_can_signal(fd)) {
		vhost_close_fd(&fd);
		return vhost_refuse(s, s->fd_blocked
					       ? "an earlier one blocked"
					       : "no eventfd, pipe or socket");
	}
	vhost_page_log_set_event(&s->log, fd);
	vhost_session_signal_log(s);
	return 0;
}
