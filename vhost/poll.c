/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/poll.h"

/* A ring without a kick descriptor is popped at least this often. */
#define NO_KICK_MS 1

int vhost_session_poll(const struct vhost_session *session, struct pollfd *fds)
{
	int timeout = -1;

	for (unsigned int i = 0; i < VHOST_POLL_FDS; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	fds[VHOST_POLL_FRONT_END].fd = session->sock.fd;
	fds[VHOST_POLL_STATE].fd = session->state.fd;
	for (unsigned int i = 0; i < session->device->ring_count; i++) {
		const struct vhost_ring *ring = &session->rings[i];

		if (!vhost_ring_is_active(ring))
			continue;
		fds[VHOST_POLL_KICK + i].fd = ring->kick;
		if (ring->kick < 0)
			timeout = NO_KICK_MS;
	}
	return timeout;
}
