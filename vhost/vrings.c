/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that set up, start, hold and stop a ring. */
#include "vhost/handlers.h"

#define BIT(n) (1ull << (n))

/* The row's check made sure that there is such a ring. */
static struct vhost_ring *state_ring(struct vhost_session *s,
				     const struct vhost_msg *msg)
{
	return &s->rings[msg->payload.state.index];
}

static struct vhost_ring *fd_ring(struct vhost_session *s,
				  const struct vhost_msg *msg)
{
	return &s->rings[msg->payload.u64 & VHOST_USER_VRING_INDEX_MASK];
}

static void quiesce(struct vhost_session *s, const struct vhost_ring *ring)
{
	if (!vhost_ring_is_active(ring))
		return;
	s->device->ops->quiesce(s->device->opaque,
				(unsigned int)(ring - s->rings));
	vhost_log_tell(s);
}

static void enable(struct vhost_session *s, struct vhost_ring *ring, bool on)
{
	if (!on)
		quiesce(s, ring);
	ring->enabled = on;
}

void vhost_enable_all_rings(struct vhost_session *s, bool on)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		enable(s, &s->rings[i], on);
}

void vhost_reset_rings(struct vhost_session *s)
{
	vhost_enable_all_rings(s, false);
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		vhost_ring_stop(&s->rings[i]);
		s->rings[i].base = 0;
		s->rings[i].has_base = false;
		s->rings[i].resumes = s->rings[i].loaded = false;
	}
}

static struct vring_features ring_features(const struct vhost_session *s)
{
	return (struct vring_features){
		.packed = s->features & BIT(VIRTIO_F_RING_PACKED),
		.indirect = s->features & BIT(VIRTIO_F_INDIRECT_DESC),
		.event_idx = s->features & BIT(VIRTIO_F_EVENT_IDX),
	};
}

int vhost_set_vring_num(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vring_features features = ring_features(s);
	struct vhost_ring *ring = state_ring(s, msg);
	uint32_t num = msg->payload.state.num;

	if (ring->started)
		return vhost_refuse(s, "the ring runs");
	if (!vring_size_ok(&features, num))
		return vhost_refuse(
			s, "size %u is not one that such a ring can have", num);
	ring->size = (uint16_t)num;
	return 0;
}

static void set_log_addr(struct vring *vring,
			 const struct vhost_wire_vring_addr *addr)
{
	vring->logged = addr->flags & 1u << VHOST_VRING_F_LOG;
	vring->log_addr = addr->log;
}

/* Finds the ring's areas in @mem. Returns NULL, or what is wrong with them. */
static const char *locate(const struct vhost_ring *ring,
			  const struct vring_features *features,
			  const struct guest_mem *mem,
			  struct vring_areas *areas)
{
	const struct vhost_wire_vring_addr *a = &ring->addr;
	struct vring_bytes bytes = vring_bytes(features, ring->size);

	if (!ring->has_addr || !ring->size)
		return "the ring has no address or no size";
	areas->desc = guest_mem_at_user(mem, a->desc, bytes.desc);
	areas->driver = guest_mem_at_user(mem, a->avail, bytes.driver);
	areas->device = guest_mem_at_user(mem, a->used, bytes.device);
	if (!areas->desc || !areas->driver || !areas->device)
		return "the ring is not in guest memory";
	if (!vring_is_aligned(features, areas))
		return "the ring is not aligned";
	return NULL;
}

void vhost_swap_mem(struct vhost_session *s, struct guest_mem *mem)
{
	struct vring_areas areas[VHOST_MAX_RINGS];

	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		struct vhost_ring *ring = &s->rings[i];
		const char *why =
			locate(ring, &ring->vring.features, mem, &areas[i]);

		if (!ring->started || !why)
			continue;
		/* Its requests end while the old memory is still there. */
		quiesce(s, ring);
		vhost_session_break(s, i, why);
	}
	guest_mem_swap(&s->mem, mem);
	for (unsigned int i = 0; i < s->device->ring_count; i++)
		if (s->rings[i].started)
			s->rings[i].vring.areas = areas[i];
}

static bool is_inside(uint64_t addr, const struct guest_region_spec *spec)
{
	return addr >= spec->user_addr && addr - spec->user_addr < spec->size;
}

bool vhost_ring_runs_in(const struct vhost_session *s,
			const struct guest_region_spec *spec)
{
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		const struct vhost_ring *ring = &s->rings[i];

		if (ring->started && (is_inside(ring->addr.desc, spec) ||
				      is_inside(ring->addr.avail, spec) ||
				      is_inside(ring->addr.used, spec)))
			return true;
	}
	return false;
}

/* On a running ring the addresses may move, but must be good at once. */
int vhost_set_vring_addr(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);
	struct vhost_ring moved = *ring;
	const char *why;

	if (msg->payload.addr.flags & ~(1u << VHOST_VRING_F_LOG))
		return vhost_refuse(s, "flags 0x%x", msg->payload.addr.flags);
	/* It may be outside of guest memory; but what follows it adds up. */
	if (msg->payload.addr.flags && msg->payload.addr.log > INT64_MAX)
		return vhost_refuse(s, "there is no log address 0x%llx",
				    (unsigned long long)msg->payload.addr.log);
	moved.addr = msg->payload.addr;
	moved.has_addr = true;
	set_log_addr(&moved.vring, &moved.addr);
	if (ring->started) {
		why = locate(&moved, &moved.vring.features, &s->mem,
			     &moved.vring.areas);
		if (why)
			return vhost_refuse(s, "%s", why);
	}
	*ring = moved;
	return 0;
}

int vhost_set_vring_base(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);
	uint32_t num = msg->payload.state.num;

	if (ring->started)
		return vhost_refuse(s, "the ring runs");
	if (num > UINT16_MAX && !(s->features & BIT(VIRTIO_F_RING_PACKED)))
		return vhost_refuse(s, "index %u of a split ring", num);
	ring->resumes = ring->resumes && ring->base == num;
	ring->base = num;
	ring->has_base = true;
	return 0;
}

int vhost_get_vring_base(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);

	quiesce(s, ring);
	vhost_ring_stop(ring);
	s->reply.state.index = msg->payload.state.index;
	s->reply.state.num = ring->base;
	s->reply_size = sizeof(s->reply.state);
	return 0;
}

/* The descriptor of a ring message goes to @to; -1 when it says "none". */
static int take_ring_fd(struct vhost_session *s, struct vhost_msg *msg, int *to)
{
	bool none = msg->payload.u64 & VHOST_USER_VRING_NOFD;

	if (none == (msg->fd_count == 1))
		return vhost_refuse(s, "%s a descriptor",
				    none ? "says none, but has"
					 : "comes without");
	if (!none && s->held)
		return vhost_refuse(s, "an earlier one blocked");
	if (!none && !vhost_fd_can_signal(msg->fds[0]))
		return vhost_refuse(s, "no eventfd, pipe or socket");
	vhost_close_fd(to);
	*to = vhost_msg_take_fd(msg, 0);
	return 0;
}

static int start(struct vhost_session *s, struct vhost_ring *ring)
{
	struct vring vring = {
		.mem = &s->mem,
		.size = ring->size,
		.features = ring_features(s),
	};
	const char *why = locate(ring, &vring.features, &s->mem, &vring.areas);
	uint32_t base = ring->has_base ? ring->base
				       : vring_first_base(&vring.features);

	if (why)
		return vhost_refuse(s, "%s", why);
	/* The layout may have changed since SET_VRING_NUM. */
	if (!vring_size_ok(&vring.features, ring->size))
		return vhost_refuse(s, "the ring cannot have size %u",
				    ring->size);
	why = vhost_track_ring(s, ring, &vring, &base);
	if (why)
		return vhost_refuse(s, "%s", why);
	if (vring_start(&vring, base) < 0)
		return vhost_refuse(s, "the ring cannot begin at 0x%x", base);
	set_log_addr(&vring, &ring->addr);
	ring->vring = vring;
	ring->started = true;
	ring->broken = false;
	ring->recovers = false;
	s->device->ops->start(
		s->device->opaque, (unsigned int)(ring - s->rings),
		!ring->resumes && !ring->loaded && !ring->recovered);
	ring->loaded = false;
	return 0;
}

/* Starts the ring, whether or not a kick was ever signalled. */
int vhost_set_vring_kick(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int kick = -1;
	int ret = take_ring_fd(s, msg, &kick);

	if (!ret && !ring->started)
		ret = start(s, ring);
	if (ret < 0) {
		vhost_close_fd(&kick);
		return ret;
	}
	vhost_close_fd(&ring->kick);
	ring->kick = kick;
	return 0;
}

int vhost_set_vring_call(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int ret = take_ring_fd(s, msg, &ring->call);

	if (!ret && vhost_ring_pay_call(ring) < 0) {
		s->held = true;
		return vhost_refuse(s, "the descriptor blocks");
	}
	return ret;
}

int vhost_set_vring_err(struct vhost_session *s, struct vhost_msg *msg)
{
	return take_ring_fd(s, msg, &fd_ring(s, msg)->err);
}

int vhost_set_vring_enable(struct vhost_session *s, struct vhost_msg *msg)
{
	uint32_t num = msg->payload.state.num;

	if (num > 1)
		return vhost_refuse(s, "%u is neither 0 nor 1", num);
	enable(s, state_ring(s, msg), num);
	return 0;
}
