/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that set up, start, hold and stop a ring. */
#include <errno.h>
#include <stdio.h>

#include "vhost/handlers.h"
#include "virtio/ring/virtio_wire.h"

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

void vhost_quiesce_ring(struct vhost_session *s, const struct vhost_ring *ring)
{
	if (!vhost_ring_is_active(ring))
		return;
	if (s->device->ops->quiesce)
		s->device->ops->quiesce(s->device->opaque,
					(unsigned int)(ring - s->rings));
	vhost_log_tell(s);
}

static void enable(struct vhost_session *s, struct vhost_ring *ring, bool on)
{
	if (!on)
		vhost_quiesce_ring(s, ring);
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
		s->rings[i].set_up = false;
	}
	vhost_translation_clear(s);
}

int vhost_set_vring_num(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vring_features features = vhost_ring_features(s);
	struct vhost_ring *ring = state_ring(s, msg);
	uint32_t num = msg->payload.state.num;

	if (ring->started)
		return vhost_refuse(s, "the ring runs");
	if (!vring_size_ok(&features, num))
		return vhost_refuse(
			s, "size %u is not one that such a ring can have", num);
	ring->size = (uint16_t)num;
	ring->set_up = true;
	return 0;
}

/* On a running ring the addresses may move, but must be good at once. */
int vhost_set_vring_addr(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_vring_addr *addr = &msg->payload.addr;

	if (addr->flags & ~(1u << VHOST_VRING_F_LOG))
		return vhost_refuse(s, "flags 0x%x", addr->flags);
	/* It may be outside of guest memory; but what follows it adds up. */
	if (addr->flags && addr->log > INT64_MAX)
		return vhost_refuse(s, "there is no log address 0x%llx",
				    (unsigned long long)addr->log);
	return vhost_move_ring(s, state_ring(s, msg), addr);
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
	ring->set_up = true;
	return 0;
}

int vhost_get_vring_base(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);

	vhost_quiesce_ring(s, ring);
	vhost_ring_stop(ring);
	ring->broken = ring->set_up = false;
	s->reply.state.index = msg->payload.state.index;
	/* Rings that are stopped are told of no more invalidations. */
	vhost_translation_clear(s);
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

/* Behind an IOMMU, it may have to wait for its translation. */
static int start(struct vhost_session *s, struct vhost_ring *ring)
{
	int ret;

	ring->started = ring->lost = ring->unborn = true;
	ret = vhost_find_ring(s, ring);
	if (!ret || ret == -EAGAIN)
		return 0;
	ring->started = false;
	return ret;
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

/*
 * The calls so far went to the old descriptor, which perhaps nobody reads any
 * more. So a ring that runs, or ran, signals the new one: a call too many is
 * legal, one too few leaves the driver waiting. A ring that starts later
 * signals then.
 */
int vhost_set_vring_call(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int ret = take_ring_fd(s, msg, &ring->call);

	if (!ret && (ring->started || ring->resumes) &&
	    vhost_ring_signal(ring) < 0) {
		s->held = true;
		return vhost_refuse(s, "the descriptor blocks");
	}
	return ret;
}

/* The error of a ring that is broken may have gone to the old descriptor. */
int vhost_set_vring_err(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int ret = take_ring_fd(s, msg, &ring->err);

	if (!ret && ring->broken && vhost_signal_fd(ring->err) < 0) {
		vhost_close_fd(&ring->err);
		s->held = true;
		return vhost_refuse(s, "the descriptor blocks");
	}
	return ret;
}

/*
 * Does the driver take its ring for a running one, of which nothing was said
 * since it stopped? A front end may enable a ring before it sets it up, but
 * hardly once the driver is done with its negotiation.
 */
static bool lacks_setup(const struct vhost_session *s,
			const struct vhost_ring *ring)
{
	const uint8_t ready = VIRTIO_STATUS_FEATURES_OK |
			      VIRTIO_STATUS_DRIVER_OK;

	if (ring->started || ring->set_up)
		return false;
	return !(s->protocol_features & BIT(VHOST_USER_PROTOCOL_F_STATUS)) ||
	       s->status & ready;
}

int vhost_set_vring_enable(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);
	uint32_t num = msg->payload.state.num;

	if (num > 1)
		return vhost_refuse(s, "%u is neither 0 nor 1", num);
	enable(s, ring, num);
	if (num && !s->no_setup_told && lacks_setup(s, ring)) {
		s->no_setup_told = true;
		s->hint = VHOST_HINT_NO_SETUP;
		snprintf(s->reason, sizeof(s->reason),
			 "ring %u is enabled without set-up",
			 msg->payload.state.index);
	}
	return 0;
}
