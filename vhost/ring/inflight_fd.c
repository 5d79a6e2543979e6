/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that bring the inflight region, and its use for a ring. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vhost/handlers.h"

#define BIT(n) (1ull << (n))

static bool is_packed(const struct vhost_session *s)
{
	return s->features & BIT(VIRTIO_F_RING_PACKED);
}

/* What both messages say in the same way. */
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
		if (s->rings[k].started)
			return vhost_refuse(s, "ring %u runs", k);
	return 0;
}

/* The part of ring @index, or NULL if it has none. */
static void *find_part(const struct vhost_inflight_area *area, bool packed,
		       unsigned int index)
{
	if (index >= area->rings)
		return NULL;
	return guest_mem_at_user(&area->mem,
				 index * inflight_stride(packed, area->size),
				 inflight_bytes(packed, area->size));
}

static const char *check_parts(const struct vhost_inflight_area *area,
			       bool packed)
{
	for (unsigned int i = 0; i < area->rings; i++) {
		const void *part = find_part(area, packed, i);
		const char *why;

		if (!part)
			return "the inflight region is too small";
		why = inflight_check(part, area->size);
		if (why)
			return why;
	}
	return NULL;
}

/* Maps what @i says is in the file @fd, which stays the caller's. */
static int map_area(struct vhost_session *s,
		    const struct vhost_wire_inflight *i, int fd,
		    struct vhost_inflight_area *area)
{
	uint64_t most = i->num_queues * inflight_stride(true, i->queue_size);
	struct guest_region_spec spec = {
		/* No more than we use, whatever else is in there. */
		.size = i->mmap_size < most ? i->mmap_size : most,
		.mmap_offset = i->mmap_offset,
	};
	int ret;

	if (spec.mmap_offset % sizeof(uint64_t))
		return vhost_refuse(s, "offset 0x%llx is not aligned",
				    (unsigned long long)spec.mmap_offset);
	ret = guest_mem_add(&area->mem, &spec, fd);
	if (ret < 0) {
		guest_mem_clear(&area->mem);
		return vhost_refuse(s, "the region cannot be mapped: %s",
				    strerror(-ret));
	}
	area->rings = i->num_queues;
	area->size = i->queue_size;
	return 0;
}

static void swap_areas(struct vhost_inflight_area *a,
		       struct vhost_inflight_area *b)
{
	uint16_t rings = a->rings, size = a->size;

	a->rings = b->rings;
	a->size = b->size;
	b->rings = rings;
	b->size = size;
	guest_mem_swap(&a->mem, &b->mem);
}

/* From now on rings start with what @i says is in the file @fd. */
static int use_area(struct vhost_session *s,
		    const struct vhost_wire_inflight *i, int fd)
{
	struct vhost_inflight_area area = { 0 };
	const char *why;
	int ret = map_area(s, i, fd, &area);

	if (ret < 0)
		return ret;
	/*
	 * The session's table is watched while its memory is looked at, so
	 * that a file cut short by now does no harm.
	 */
	swap_areas(&area, &s->inflight);
	why = check_parts(&s->inflight, is_packed(s));
	if (why) {
		swap_areas(&area, &s->inflight);
		ret = vhost_refuse(s, "%s", why);
	}
	guest_mem_clear(&area.mem);
	for (unsigned int k = 0; !ret && k < s->device->ring_count; k++)
		s->rings[k].recovers = true;
	return ret;
}

void vhost_drop_inflight(struct vhost_session *s)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		inflight_untrack(&s->rings[i].inflight);
		s->rings[i].recovers = false;
	}
	guest_mem_clear(&s->inflight.mem);
	s->inflight.rings = s->inflight.size = 0;
}

/*
 * Makes the file, which is the front end's: after a crash it comes back with
 * SET_INFLIGHT_FD. Some front ends send that at once, some only then.
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
	/* Which kind of ring it will be may not have been said yet. */
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

const char *vhost_track_ring(struct vhost_session *s, struct vhost_ring *ring,
			     const struct vring *vring, uint32_t *base)
{
	const struct vhost_inflight_area *area = &s->inflight;
	unsigned int index = (unsigned int)(ring - s->rings);
	void *part;
	int ret;

	/* What was begun and went back to the ring is still begun. */
	ring->inflight = (struct inflight){
		.begun = ring->resumes && ring->inflight.begun,
	};
	ring->recovered = false;
	if (index >= area->rings)
		return NULL;
	part = find_part(area, vring->features.packed, index);
	if (!part || vring->size > area->size)
		return "the inflight region is too small for the ring";
	/* A ring that we stopped ourselves left nothing behind. */
	if (!ring->recovers) {
		inflight_restart(&ring->inflight, vring, part, area->size,
				 *base);
		return NULL;
	}
	ret = inflight_resume(&ring->inflight, vring, part, area->size, base,
			      &ring->note);
	ring->recovered = ret > 0;
	return ret < 0 ? "the inflight region is not of this ring" : NULL;
}
