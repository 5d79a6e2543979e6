/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/poll.h"

/* A ring without a kick descriptor is popped at least this often, */
#define NO_KICK_MS 1

/* and what the kernel has no memory to wait for is tried again. */
#define RETRY_MS 1

/* Waits for @fd, unless its place is paused. Returns false if it cannot. */
static bool put(struct vhost_session *s, unsigned int place, int fd,
		enum wait_kind kind, uint32_t paused)
{
	if (paused & VHOST_POLL_BIT(place))
		fd = -1;
	return !wait_set_put(s->waits, place, fd, kind);
}

int vhost_session_poll(struct vhost_session *s, uint32_t paused)
{
	int timeout = -1;

	if (!put(s, VHOST_POLL_FRONT_END, s->sock.fd, WAIT_LEVEL, paused))
		timeout = RETRY_MS;
	/* A file needs no reader: vhost_state_apply() reads it. */
	put(s, VHOST_POLL_STATE, s->state.fd, WAIT_LEVEL, paused);
	for (unsigned int i = 0; i < s->device->ring_count; i++) {
		const struct vhost_ring *ring = &s->rings[i];
		bool active = vhost_ring_is_active(ring);
		bool waits =
			put(s, VHOST_POLL_KICK + i, active ? ring->kick : -1,
			    ring->kick_counts ? WAIT_EDGE : WAIT_LEVEL, paused);

		if (active && (ring->kick < 0 || !waits))
			timeout = NO_KICK_MS;
	}
	return timeout;
}
