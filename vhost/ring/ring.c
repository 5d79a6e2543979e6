/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A ring at work: chains, kicks and calls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vhost/handlers.h"

bool vhost_ring_is_active(const struct vhost_ring *ring)
{
	return ring->started && ring->enabled;
}

void vhost_ring_init(struct vhost_ring *ring)
{
	*ring = (struct vhost_ring){ .kick = -1, .call = -1, .err = -1 };
}

void vhost_ring_close_fds(struct vhost_ring *ring)
{
	vhost_close_fd(&ring->kick);
	vhost_close_fd(&ring->call);
	vhost_close_fd(&ring->err);
}

void vhost_ring_stop(struct vhost_ring *ring)
{
	if (!ring->started)
		return;
	if (!ring->unborn) {
		ring->base = vring_base(&ring->vring);
		ring->has_base = true;
		ring->resumes = true;
	}
	ring->started = ring->lost = ring->unborn = ring->gave_up = false;
	vhost_close_fd(&ring->kick);
}

int vhost_ring_signal(struct vhost_ring *ring)
{
	int ret = vhost_signal_fd(ring->call);

	/* A descriptor that blocked once would block again. */
	if (ret < 0)
		vhost_close_fd(&ring->call);
	return ret;
}

int vhost_ring_call(struct vhost_ring *ring)
{
	return vring_should_call(&ring->vring) ? vhost_ring_signal(ring) : 0;
}

/* The call descriptor blocked, and was closed. */
static void note_blocked_call(struct vhost_session *session,
			      const struct vhost_ring *ring)
{
	session->held = true;
	snprintf(session->reason, sizeof(session->reason),
		 "ring %u: its call descriptor blocks, and was closed",
		 (unsigned int)(ring - session->rings));
}

void vhost_ring_moved(struct vhost_session *session, struct vhost_ring *ring,
		      const struct vring_areas *areas)
{
	vring_move(&ring->vring, areas);
	if (vhost_ring_signal(ring) < 0)
		note_blocked_call(session, ring);
}

int vhost_ring_take_kick(struct vhost_ring *ring)
{
	return vhost_take_signal(ring->kick);
}

void vhost_session_break(struct vhost_session *session, unsigned int index,
			 const char *why)
{
	struct vhost_ring *ring = &session->rings[index];

	if (ring->started) {
		ring->broken = true;
		session->breaks++;
	}
	vhost_ring_stop(ring);
	if (vhost_signal_fd(ring->err) < 0) {
		vhost_close_fd(&ring->err);
		session->held = true;
	}
	snprintf(session->reason, sizeof(session->reason),
		 "ring %u is broken, and stopped: %.110s", index, why);
}

uint16_t vhost_ring_pending(const struct vhost_ring *ring)
{
	return ring->lost ? 0 : vring_pending(&ring->vring);
}

bool vhost_session_give_up(struct vhost_session *session, unsigned int index)
{
	struct vhost_ring *ring = &session->rings[index];

	ring->gave_up = !ring->lost;
	/* Who comes by later may ask for it again. */
	session->translation.want_count = 0;
	return ring->gave_up;
}

/* The chain was popped: returns 1 if it, or all that can be had, is there. */
static int check_reach(struct vhost_session *session, struct vhost_ring *ring,
		       struct chain *chain)
{
	session->translation.reached = session->translation.iotlb.changes;
	if (!vhost_translation_lacks(session, chain))
		return 1;
	if (ring->gave_up) {
		chain->unreachable = true;
		return 1;
	}
	vring_unpop(&ring->vring, chain);
	return -EAGAIN;
}

/* vring_pop(), but for chains that have to be waited for. */
static int pop(struct vhost_session *session, struct vhost_ring *ring,
	       struct chain *chain)
{
	int ret = vring_pop(&ring->vring, chain);

	if (!session->mem.iotlb)
		return ret;
	if (ret > 0) {
		ret = check_reach(session, ring, chain);
	} else if (ret == -EAGAIN && ring->gave_up) {
		ring->vring.error = "an indirect table cannot be reached";
		ret = -EPROTO;
	} else if (ret == -EAGAIN) {
		vhost_translation_want(session,
				       &session->translation.iotlb.miss, 1);
	}
	if (ret > 0) {
		ring->gave_up = false;
		session->translation.want_count = 0;
	}
	return ret;
}

/* Looks a lost ring up. Returns 0, -EAGAIN, or -EPROTO: it is broken. */
static int find(struct vhost_session *session, unsigned int index)
{
	int ret = vhost_find_ring(session, &session->rings[index]);
	char why[sizeof(session->reason)];

	if (ret == -EAGAIN || !ret)
		return ret;
	memcpy(why, session->reason, sizeof(why));
	vhost_session_break(session, index, why);
	return -EPROTO;
}

int vhost_session_pop(struct vhost_session *session, unsigned int index,
		      struct chain *chain)
{
	struct vhost_ring *ring = &session->rings[index];
	int ret;

	/* The requests before this one may have been the log's first. */
	if (session->mem.log)
		vhost_log_tell(session);
	ret = ring->lost ? find(session, index) : 0;
	if (ret < 0)
		return ret;
	ret = pop(session, ring, chain);
	/* A chain that came before the driver saw this has no kick. */
	if (!ret && vring_enable_kick(&ring->vring))
		ret = pop(session, ring, chain);
	if (ret == -EPROTO) {
		vhost_session_break(session, index, ring->vring.error);
	} else if (ret > 0) {
		vring_disable_kick(&ring->vring);
		inflight_popped(&ring->inflight, chain);
	}
	return ret;
}

void vhost_session_begin(struct vhost_session *session, unsigned int index,
			 const struct chain *chain)
{
	struct vhost_ring *ring = &session->rings[index];

	inflight_begin(&ring->inflight, &ring->vring, chain);
}

void vhost_session_push(struct vhost_session *session, unsigned int index,
			const struct chain *chain, uint32_t len)
{
	struct vhost_ring *ring = &session->rings[index];

	/* If anything of it was lacking, that is no more. */
	session->translation.want_count = 0;
	if (ring->lost) {
		vring_unpop(&ring->vring, chain);
		return;
	}
	inflight_push(&ring->inflight, &ring->vring, chain, len, ring->note);
	if (vhost_ring_call(ring) < 0)
		note_blocked_call(session, ring);
}

bool vhost_session_lost_memory(const struct vhost_session *session)
{
	return session->mem.broken || session->inflight.mem.broken;
}
