/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that bring the inflight region. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vhost/request/handlers.h"
#include "virtio/ring/virtio_wire.h"

#define BIT(n) (1ull << (n))

static bool is_packed(const struct vhost_session *s)
{
	return s->features & BIT(VIRTIO_F_RING_PACKED);
}

/* Checks what both messages have in common. */
static int check(struct vhost_session *s, const struct vhost_msg *msg)
{
	const struct vhost_wire_inflight *i = &msg->payload.inflight;

	if (msg->header.size > sizeof(*i))
		return vhost_refuse(s, "a payload of %u bytes",
				    msg->header.size);
	if (!i->num_queues || i->num_queues > s->device->ring_count)
		return vhost_refuse(s, "%u queues", i->num_queues);
	if (!i->queue_size || i->queue_size > VIRTQ_MAX_SIZE)
		return vhost_refuse(s, "queues of size %u", i->queue_size);
	for (unsigned int k = 0; k < s->device->ring_count; k++)
		if (vhost_ring_is_started(&s->rings[k]))
			return vhost_refuse(s, "ring %u runs", k);
	return 0;
}

/* Uses the region @i of the file @fd from the next start of a ring on. */
static int use_area(struct vhost_session *s,
		    const struct vhost_wire_inflight *i, int fd)
{
	const char *why = NULL;
	int ret;

	if (i->mmap_offset % sizeof(uint64_t))
		return vhost_refuse(s, "offset 0x%llx is not aligned",
				    (unsigned long long)i->mmap_offset);
	ret = vhost_inflight_area_map(&s->inflight, i, fd, is_packed(s), &why);
	if (why)
		return vhost_refuse(s, "%s", why);
	if (ret < 0)
		return vhost_refuse(s, "the region cannot be mapped: %s",
				    strerror(-ret));
	return 0;
}

/*
 * Makes the file, which the front end keeps and sends in SET_INFLIGHT_FD after
 * a crash. Some front ends also send it at once, so both messages use it.
 */
int vhost_get_inflight_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_wire_inflight *reply = &s->reply.inflight;
	int ret = check(s, msg);

	if (ret < 0)
		return ret;
	*reply = (struct vhost_wire_inflight){
		.num_queues = msg->payload.inflight.num_queues,
		.queue_size = msg->payload.inflight.queue_size,
	};
	/* The layout of the ring may not be known yet: room for either. */
	reply->mmap_size =
		reply->num_queues * inflight_stride(true, reply->queue_size);
	s->reply_fd = memfd_create("vhost-inflight", MFD_CLOEXEC);
	if (s->reply_fd < 0 ||
	    ftruncate(s->reply_fd, (off_t)reply->mmap_size) < 0)
		return vhost_refuse(s, "no memory: %s", strerror(errno));
	s->reply_size = msg->header.size;
	return use_area(s, reply, s->reply_fd);
}

int vhost_set_inflight_fd(struct vhost_session *s, struct vhost_msg *msg)
{
	int ret = check(s, msg);

	if (!ret && !msg->fd_count)
		ret = vhost_refuse(s, "comes without a descriptor");
	return ret ? ret : use_area(s, &msg->payload.inflight, msg->fds[0]);
}
