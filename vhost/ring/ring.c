/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/ring/ring.h"

#include <assert.h>

#include "vhost/wire/peer_fd.h"

void vhost_ring_init(struct vhost_ring *ring, struct wait_set *waits)
{
	*ring = (struct vhost_ring){
		.kick = -1,
		.call = -1,
		.err = -1,
		.waits = waits,
	};
}

void vhost_ring_set_kick(struct vhost_ring *ring, int fd)
{
	wait_set_forget(ring->waits, ring->kick);
	vhost_close_fd(&ring->kick);
	ring->kick = fd;
	ring->kick_counts = vhost_fd_is_eventfd(fd);
}

void vhost_ring_set_call(struct vhost_ring *ring, int fd)
{
	vhost_close_fd(&ring->call);
	ring->call = fd;
	ring->call_blocks = vhost_fd_blocks(fd);
}

void vhost_ring_close_fds(struct vhost_ring *ring)
{
	vhost_ring_set_kick(ring, -1);
	vhost_ring_set_call(ring, -1);
	vhost_close_fd(&ring->err);
}

bool vhost_ring_may_have_called(const struct vhost_ring *ring)
{
	return vhost_ring_is_started(ring) || ring->origin != VHOST_RING_FRESH;
}

void vhost_ring_start(struct vhost_ring *ring)
{
	assert(!vhost_ring_is_started(ring));
	ring->state = VHOST_RING_STARTING;
}

void vhost_ring_cancel(struct vhost_ring *ring, enum vhost_ring_state before)
{
	assert(ring->state == VHOST_RING_STARTING);
	assert(before < VHOST_RING_STARTING);
	ring->state = before;
}

void vhost_ring_begin(struct vhost_ring *ring, const struct vring *vring,
		      enum vhost_ring_origin origin)
{
	assert(ring->state == VHOST_RING_STARTING);
	ring->vring = *vring;
	ring->origin = origin;
	ring->state = VHOST_RING_RUNNING;
}

void vhost_ring_move(struct vhost_ring *ring, const struct vring_areas *areas)
{
	assert(ring->state == VHOST_RING_UNMAPPED ||
	       ring->state == VHOST_RING_RUNNING);
	vring_move(&ring->vring, areas);
	ring->state = VHOST_RING_RUNNING;
}

void vhost_ring_unmap(struct vhost_ring *ring)
{
	if (ring->state == VHOST_RING_RUNNING)
		ring->state = VHOST_RING_UNMAPPED;
}

void vhost_ring_stop(struct vhost_ring *ring)
{
	if (ring->state == VHOST_RING_UNMAPPED ||
	    ring->state == VHOST_RING_RUNNING) {
		ring->base = vring_base(&ring->vring);
		ring->has_base = true;
		ring->origin = VHOST_RING_RESUMED;
	}
	if (vhost_ring_is_started(ring))
		vhost_ring_set_kick(ring, -1);
	ring->accept_unreachable = ring->set_up = false;
	ring->state = VHOST_RING_STOPPED;
}

bool vhost_ring_break(struct vhost_ring *ring)
{
	if (!vhost_ring_is_started(ring))
		return false;
	vhost_ring_stop(ring);
	ring->state = VHOST_RING_BROKEN;
	return true;
}

void vhost_ring_reset(struct vhost_ring *ring)
{
	vhost_ring_stop(ring);
	ring->base = 0;
	ring->has_base = false;
	ring->origin = VHOST_RING_FRESH;
	ring->inflight.begun = false;
}

void vhost_ring_loaded(struct vhost_ring *ring)
{
	ring->origin = VHOST_RING_LOADED;
}

void vhost_ring_set_base(struct vhost_ring *ring, uint32_t base)
{
	assert(!vhost_ring_is_started(ring));
	if (ring->base != base) {
		ring->inflight.begun = false;
		if (ring->origin == VHOST_RING_RESUMED)
			ring->origin = VHOST_RING_FRESH;
	}
	ring->base = base;
	ring->has_base = true;
	ring->set_up = true;
}

/* Signals *@fd. A descriptor that blocked once would block again. */
static int signal_fd(int *fd, bool blocks)
{
	int ret = vhost_signal_fd(*fd, blocks);

	if (ret < 0)
		vhost_close_fd(fd);
	return ret;
}

int vhost_ring_signal(struct vhost_ring *ring)
{
	return signal_fd(&ring->call, ring->call_blocks);
}

int vhost_ring_call(struct vhost_ring *ring)
{
	int ret;

	if (!vring_should_call(&ring->vring))
		return 0;
	ret = vhost_ring_signal(ring);
	return ret < 0 ? ret : 1;
}

int vhost_ring_signal_error(struct vhost_ring *ring)
{
	return signal_fd(&ring->err, vhost_fd_blocks(ring->err));
}

int vhost_ring_take_kick(struct vhost_ring *ring)
{
	return ring->kick_counts ? 0 : vhost_take_signal(ring->kick);
}

int vhost_ring_clear_kick(struct vhost_ring *ring)
{
	return vhost_take_signal(ring->kick);
}

uint16_t vhost_ring_pending(const struct vhost_ring *ring)
{
	return ring->state == VHOST_RING_RUNNING ? vring_pending(&ring->vring)
						 : 0;
}
