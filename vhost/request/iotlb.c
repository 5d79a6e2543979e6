/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that bring translations, and the channel to ask for them. */
#include <string.h>
#include <sys/socket.h>

#include "vhost/request/handlers.h"

/* Other files may block when they are closed. */
static bool is_unix_stream(int fd)
{
	int type = 0, domain = 0;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
		return false;
	return type == SOCK_STREAM && domain == AF_UNIX;
}

int vhost_set_backend_req_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	int fd = vhost_msg_take_fd(msg, 0);

	if (fd < 0)
		return vhost_refuse(s, "comes without a descriptor");
	if (!is_unix_stream(fd)) {
		vhost_close_fd(&fd);
		return vhost_refuse(s, "no Unix stream socket");
	}
	vhost_translation_set_channel(&s->translation, fd);
	return 0;
}

/* This request is always acknowledged. */
int vhost_iotlb_msg(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_iotlb *m = &msg->payload.iotlb;
	struct iotlb *tlb = &s->translation.iotlb;
	int ret = 0;

	if (m->type == VHOST_IOTLB_UPDATE)
		ret = iotlb_update(tlb, m->iova, m->size, m->user_addr,
				   m->access);
	else if (m->type == VHOST_IOTLB_INVALIDATE)
		iotlb_invalidate(tlb, m->iova, m->size);
	else
		return vhost_refuse(s, "type %u", m->type);
	if (ret < 0)
		return vhost_refuse(s, "0x%llx+0x%llx, access %u: %s",
				    (unsigned long long)m->iova,
				    (unsigned long long)m->size, m->access,
				    strerror(-ret));
	/* A ring that was found needs no entry, so the cache knows none of it.
	 */
	vhost_unmap_rings_at(s, m->iova, m->size);
	return 0;
}
