/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A ring at work: chains for the device, and back. */
#include <errno.h>
#include <string.h>

#include "vhost/session_rings.h"

bool vhost_session_stop_waiting(struct vhost_session *session,
				unsigned int index)
{
	struct vhost_ring *ring = &session->rings[index];

	ring->accept_unreachable = ring->state == VHOST_RING_RUNNING;
	/* Whoever needs it later asks again. */
	vhost_translation_forget_wants(&session->translation);
	return ring->accept_unreachable;
}

/*
 * The chain was popped. Returns 1 if all of it can be reached, or if that is
 * not waited for; or gives it back to the ring and returns -EAGAIN.
 */
static int check_reach(struct vhost_session *session, struct vhost_ring *ring,
		       struct chain *chain)
{
	struct vhost_translation *t = &session->translation;

	t->reached = t->iotlb.changes;
	if (!vhost_translation_lacks(t, &session->mem, chain))
		return 1;
	if (ring->accept_unreachable) {
		chain->unreachable = true;
		return 1;
	}
	vring_unpop(&ring->vring, chain);
	return -EAGAIN;
}

/*
 * vring_pop(), but for chains whose translations have to be waited for. Not
 * inline, as most rings have no IOMMU, and this needs room on the stack.
 */
__attribute__((noinline)) static int
pop_reachable(struct vhost_session *session, struct vhost_ring *ring,
	      struct chain *chain)
{
	struct vhost_translation *t = &session->translation;
	int ret = vring_pop(&ring->vring, chain);

	if (ret > 0) {
		ret = check_reach(session, ring, chain);
	} else if (ret == -EAGAIN && ring->accept_unreachable) {
		ring->vring.error = "an indirect table cannot be reached";
		ret = -EPROTO;
	} else if (ret == -EAGAIN) {
		vhost_translation_want(t, &t->iotlb.miss, 1);
	}
	if (ret > 0) {
		ring->accept_unreachable = false;
		vhost_translation_forget_wants(t);
	}
	return ret;
}

static int pop(struct vhost_session *session, struct vhost_ring *ring,
	       struct chain *chain)
{
	if (session->mem.iotlb)
		return pop_reachable(session, ring, chain);
	return vring_pop(&ring->vring, chain);
}

/* Finds a ring that is not RUNNING. Returns 0, -EAGAIN, or -EPROTO: broken. */
static int find(struct vhost_session *session, unsigned int index)
{
	int ret = vhost_find_ring(session, &session->rings[index]);
	char why[VHOST_REASON_MAX];

	if (ret == -EAGAIN || !ret)
		return ret;
	memcpy(why, session->reason.text, sizeof(why));
	vhost_session_break(session, index, why);
	return -EPROTO;
}

int vhost_session_pop(struct vhost_session *session, unsigned int index,
		      struct chain *chain)
{
	struct vhost_ring *ring = &session->rings[index];
	int ret = 0;

	/* The requests before this one may have been the log's first. */
	if (session->mem.log)
		vhost_session_signal_log(session);
	if (ring->state != VHOST_RING_RUNNING)
		ret = find(session, index);
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

bool vhost_session_reach(struct vhost_session *session, unsigned int index,
			 const struct chain *chain)
{
	struct vhost_translation *t = &session->translation;
	struct vhost_ring *ring = &session->rings[index];
	bool running = ring->state == VHOST_RING_RUNNING;

	if (running && (!session->mem.iotlb || t->reached == t->iotlb.changes))
		return true;
	if (!running && vhost_find_ring(session, ring) < 0) {
		/* If it is gone for good, the next vhost_session_pop() says. */
		vhost_reason_clear(&session->reason);
		return false;
	}
	if (session->mem.iotlb &&
	    vhost_translation_lacks(t, &session->mem, chain))
		return false;
	t->reached = t->iotlb.changes;
	return true;
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

	/* If a translation of it was missing, it is not needed any more. */
	vhost_translation_forget_wants(&session->translation);
	if (ring->state != VHOST_RING_RUNNING) {
		vring_unpop(&ring->vring, chain);
		return;
	}
	inflight_push(&ring->inflight, &ring->vring, chain, len, ring->note);
}

void vhost_session_read_state(struct vhost_session *session)
{
	vhost_state_read(&session->state);
}
