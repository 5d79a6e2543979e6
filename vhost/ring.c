/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A ring at work: chains, kicks and calls. */
#include <stdio.h>

#include "vhost/session.h"

bool vhost_ring_is_active(const struct vhost_ring *ring)
{
	return ring->started && ring->enabled;
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
	ring->started = false;
	ring->base = vring_base(&ring->vring);
	ring->has_base = true;
	ring->resumes = true;
	vhost_close_fd(&ring->kick);
}

/* One that holds us once would do so again. */
static int call(struct vhost_ring *ring)
{
	int ret = vhost_signal_fd(ring->call);

	if (ret < 0)
		vhost_close_fd(&ring->call);
	ring->call_owed = ring->call < 0;
	return ret;
}

int vhost_ring_pay_call(struct vhost_ring *ring)
{
	return ring->call_owed ? call(ring) : 0;
}

int vhost_ring_call(struct vhost_ring *ring)
{
	return vring_should_call(&ring->vring) ? call(ring) : 0;
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
		 "ring %u is broken, and stopped: %s", index, why);
}

int vhost_session_pop(struct vhost_session *session, unsigned int index,
		      struct chain *chain)
{
	struct vhost_ring *ring = &session->rings[index];
	int ret;

	/* The requests before this one may have been the log's first. */
	if (session->mem.log)
		vhost_log_tell(session);
	ret = vring_pop(&ring->vring, chain);
	if (ret < 0)
		vhost_session_break(session, index, ring->vring.error);
	else if (ret > 0)
		inflight_popped(&ring->inflight, chain);
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

	inflight_push(&ring->inflight, &ring->vring, chain, len, ring->note);
	if (vhost_ring_call(ring) < 0) {
		session->held = true;
		snprintf(session->reason, sizeof(session->reason),
			 "ring %u: its call descriptor blocks, and was closed",
			 index);
	}
}

bool vhost_session_lost_memory(const struct vhost_session *session)
{
	return session->mem.broken || session->inflight.mem.broken;
}
