/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The driver's addresses behind an IOMMU: what the front end tells of them, and
 * what it is asked. Nothing here waits for an answer.
 *
 * Between two messages no host pointer into guest memory is kept but those of
 * the rings' areas. So when an invalidation is acknowledged, nothing uses what
 * it was about: chains hold the driver's addresses, and are looked up again.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "vhost/handlers.h"

static_assert((unsigned int)IOTLB_READ == VHOST_ACCESS_RO, "protocol value");
static_assert((unsigned int)IOTLB_WRITE == VHOST_ACCESS_WO, "protocol value");

/* Others may wait when they are closed. */
static bool is_unix_stream(int fd)
{
	int type = 0, domain = 0;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0)
		return false;
	return type == SOCK_STREAM && domain == AF_UNIX;
}

void vhost_translation_drop_channel(struct vhost_session *s)
{
	vhost_close_fd(&s->translation.channel);
	/* What it was asked, the next one is to be asked again. */
	s->translation.want_count = 0;
}

void vhost_translation_keep_new_channel(struct vhost_session *s)
{
	if (!s->translation.channel_is_new)
		vhost_translation_drop_channel(s);
	s->translation.channel_is_new = false;
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
	vhost_translation_drop_channel(s);
	s->translation.channel = fd;
	s->translation.channel_is_new = true;
	return 0;
}

/*
 * Nothing has to come back: no answer is asked for. What comes all the same is
 * thrown away, or the channel would be full of it one day.
 */
static void drop_input(int fd)
{
	uint8_t bytes[256];

	for (unsigned int i = 0; i < 8; i++)
		if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0)
			return;
}

/* Returns whether it was sent. A channel that died is closed. */
static bool send_miss(struct vhost_session *s, const struct iotlb_miss *miss)
{
	struct {
		struct vhost_wire_header header;
		struct vhost_wire_iotlb iotlb;
	} __attribute__((packed)) msg = {
		.header = {
			.request = VHOST_USER_BACKEND_IOTLB_MSG,
			.flags = VHOST_USER_VERSION,
			.size = sizeof(msg.iotlb),
		},
		.iotlb = {
			.iova = miss->iova,
			.access = (uint8_t)miss->access,
			.type = VHOST_IOTLB_MISS,
		},
	};
	int *fd = &s->translation.channel;
	ssize_t n;

	if (*fd < 0)
		return false;
	drop_input(*fd);
	n = send(*fd, &msg, sizeof(msg), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == sizeof(msg))
		return true;
	/* A message that was sent in part cannot be taken back. */
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		vhost_close_fd(fd);
	return false;
}

/* Was that lacking before, and can no answer have come and gone since? */
static const struct vhost_want *find_want(const struct vhost_translation *t,
					  const struct iotlb_miss *miss)
{
	if (t->asked_at != t->iotlb.changes)
		return NULL;
	for (unsigned int i = 0; i < t->want_count; i++)
		if (t->wants[i].miss.iova == miss->iova &&
		    t->wants[i].miss.access == miss->access)
			return &t->wants[i];
	return NULL;
}

void vhost_translation_want(struct vhost_session *s,
			    const struct iotlb_miss *misses, unsigned int count)
{
	struct vhost_want wants[VHOST_MAX_WANTS] = { 0 };
	struct vhost_translation *t = &s->translation;

	for (unsigned int i = 0; i < count; i++) {
		const struct vhost_want *known = find_want(t, &misses[i]);

		if (!known)
			t->asks++;
		wants[i].miss = misses[i];
		wants[i].asked = known && known->asked;
		if (!wants[i].asked)
			wants[i].asked = send_miss(s, &misses[i]);
	}
	memcpy(t->wants, wants, count * sizeof(wants[0]));
	t->want_count = count;
	t->asked_at = t->iotlb.changes;
}

bool vhost_translation_lacks(struct vhost_session *s, const struct chain *chain)
{
	struct iotlb_miss misses[VHOST_MAX_WANTS];
	unsigned int count =
		chain_misses(chain, &s->mem, misses, VHOST_MAX_WANTS);

	if (count)
		vhost_translation_want(s, misses, count);
	return count;
}

void vhost_translation_clear(struct vhost_session *s)
{
	if (!s->mem.iotlb)
		return;
	iotlb_clear(&s->translation.iotlb);
	vhost_lose_rings(s);
}

void vhost_translation_switch(struct vhost_session *s)
{
	bool wanted = s->features & 1ull << VIRTIO_F_ACCESS_PLATFORM;

	if (wanted == !!s->mem.iotlb)
		return;
	iotlb_clear(&s->translation.iotlb);
	s->mem.iotlb = wanted ? &s->translation.iotlb : NULL;
	/* Addresses have another meaning now. */
	vhost_lose_rings(s);
}

/* The answer to this request is always a number. */
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
	/* Rings need no entry any more once they are found: so ask them. */
	vhost_lose_rings_at(s, m->iova, m->size);
	return 0;
}

bool vhost_session_reach(struct vhost_session *s, unsigned int index,
			 const struct chain *chain)
{
	struct vhost_translation *t = &s->translation;
	struct vhost_ring *ring = &s->rings[index];

	if (!ring->lost && (!s->mem.iotlb || t->reached == t->iotlb.changes))
		return true;
	if (ring->lost && vhost_find_ring(s, ring) < 0) {
		/* If it is gone for good, the next vhost_session_pop() says. */
		s->reason[0] = '\0';
		return false;
	}
	if (s->mem.iotlb && vhost_translation_lacks(s, chain))
		return false;
	t->reached = t->iotlb.changes;
	return true;
}
