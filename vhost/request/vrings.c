/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The requests that set up, start, hold and stop a ring. */
#include <errno.h>

#include "vhost/request/handlers.h"
#include "virtio/ring/virtio_wire.h"

#define BIT(n) (1ull << (n))

/* The ring of the message; its index was checked. */
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

int vhost_set_vring_num(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vring_features features = vhost_ring_features(s);
	struct vhost_ring *ring = state_ring(s, msg);
	uint32_t num = msg->payload.state.num;

	if (vhost_ring_is_started(ring))
		return vhost_refuse(s, "the ring runs");
	if (!vring_size_ok(&features, num))
		return vhost_refuse(
			s, "size %u is not one that such a ring can have", num);
	ring->size = (uint16_t)num;
	ring->set_up = true;
	return 0;
}

/* The addresses of a running ring may change, to valid ones only. */
int vhost_set_vring_addr(struct vhost_session *s, struct vhost_msg *msg)
{
	const struct vhost_wire_vring_addr *addr = &msg->payload.addr;

	if (addr->flags & ~(1u << VHOST_VRING_F_LOG))
		return vhost_refuse(s, "flags 0x%x", addr->flags);
	/* It may be outside of guest memory, but must not overflow. */
	if (addr->flags && addr->log > INT64_MAX)
		return vhost_refuse(s, "there is no log address 0x%llx",
				    (unsigned long long)addr->log);
	return vhost_move_ring(s, state_ring(s, msg), addr);
}

int vhost_set_vring_base(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);
	uint32_t num = msg->payload.state.num;

	if (vhost_ring_is_started(ring))
		return vhost_refuse(s, "the ring runs");
	if (num > UINT16_MAX && !(s->features & BIT(VIRTIO_F_RING_PACKED)))
		return vhost_refuse(s, "index %u of a split ring", num);
	vhost_ring_set_base(ring, num);
	return 0;
}

/*
 * The ring stops, even if its base is unknown: if it started at another one,
 * it would wait for ever.
 */
int vhost_get_vring_base(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = state_ring(s, msg);
	const bool unknown = ring->state == VHOST_RING_STARTING &&
			     vhost_ring_is_unread(s, ring);

	vhost_quiesce_ring(s, ring);
	vhost_ring_stop(ring);
	s->reply.state.index = msg->payload.state.index;
	/* A front end tells of no invalidations while its rings are stopped. */
	vhost_clear_translations(s);
	if (unknown)
		return vhost_refuse(s, "the base is unknown: the ring was "
				       "not read from the inflight region yet");
	s->reply.state.num = ring->base;
	s->reply_size = sizeof(s->reply.state);
	return 0;
}

/* Takes the descriptor of a ring message into @fd; -1: the message has none. */
static int take_ring_fd(struct vhost_session *s, struct vhost_msg *msg, int *fd)
{
	bool none = msg->payload.u64 & VHOST_USER_VRING_NOFD;

	if (none == (msg->fd_count == 1))
		return vhost_refuse(s, "%s a descriptor",
				    none ? "says none, but has"
					 : "comes without");
	if (!none && s->fd_blocked)
		return vhost_refuse(s, "an earlier one blocked");
	if (!none && !vhost_fd_can_signal(msg->fds[0]))
		return vhost_refuse(s, "no eventfd, pipe or socket");
	*fd = vhost_msg_take_fd(msg, 0);
	return 0;
}

/* Behind an IOMMU the ring may have to wait for its translations. */
static int start(struct vhost_session *s, struct vhost_ring *ring)
{
	enum vhost_ring_state before = ring->state;
	int ret;

	vhost_ring_start(ring);
	ret = vhost_find_ring(s, ring);
	if (!ret || ret == -EAGAIN)
		return 0;
	vhost_ring_cancel(ring, before);
	return ret;
}

/* Starts the ring, even if its kick was not signalled yet. */
int vhost_set_vring_kick(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int kick = -1;
	int ret = take_ring_fd(s, msg, &kick);

	if (!ret && !vhost_ring_is_started(ring))
		ret = start(s, ring);
	if (ret < 0) {
		vhost_close_fd(&kick);
		return ret;
	}
	vhost_ring_set_kick(ring, kick);
	return 0;
}

/*
 * Earlier calls went to the old descriptor, which perhaps nobody reads any
 * more. So a ring that runs or ran signals the new one. A spurious call is
 * legal; a lost one leaves the driver asleep. A ring that starts later signals
 * then.
 */
int vhost_set_vring_call(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int call = -1;
	int ret = take_ring_fd(s, msg, &call);

	if (ret < 0)
		return ret;
	vhost_ring_set_call(ring, call);
	if (vhost_ring_may_have_called(ring) && vhost_ring_signal(ring) < 0) {
		s->fd_blocked = true;
		return vhost_refuse(s, "the descriptor blocks");
	}
	return 0;
}

/* The signal of a broken ring may have gone to the old descriptor. */
int vhost_set_vring_err(struct vhost_session *s, struct vhost_msg *msg)
{
	struct vhost_ring *ring = fd_ring(s, msg);
	int err = -1;
	int ret = take_ring_fd(s, msg, &err);

	if (ret < 0)
		return ret;
	vhost_close_fd(&ring->err);
	ring->err = err;
	if (ring->state == VHOST_RING_BROKEN &&
	    vhost_ring_signal_error(ring) < 0) {
		s->fd_blocked = true;
		return vhost_refuse(s, "the descriptor blocks");
	}
	return 0;
}

/*
 * Returns true if the driver takes its ring for a running one although nothing
 * was said of it since it stopped. A front end may enable a ring before it sets
 * it up, but hardly after the driver's negotiation.
 */
static bool lacks_setup(const struct vhost_session *s,
			const struct vhost_ring *ring)
{
	const uint8_t ready = VIRTIO_STATUS_FEATURES_OK |
			      VIRTIO_STATUS_DRIVER_OK;

	if (vhost_ring_is_started(ring) || ring->set_up)
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
	vhost_enable_ring(s, ring, num);
	if (num && !s->no_setup_told && lacks_setup(s, ring)) {
		s->no_setup_told = true;
		vhost_reason_set(&s->reason,
				 "ring %u is enabled without set-up",
				 msg->payload.state.index);
		s->reason.hint = VHOST_HINT_NO_SETUP;
	}
	return 0;
}
