/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a thread that serves a session waits for, and what it does then:
 *
 *	VHOST_POLL_FRONT_END	vhost_session_handle()
 *	VHOST_POLL_STATE	vhost_session_read_state()
 *	VHOST_POLL_KICK + i	vhost_ring_take_kick(), then vhost_session_pop()
 *				on ring i until it returns no chain
 */
#ifndef VHOST_POLL_H
#define VHOST_POLL_H

#include <poll.h>

#include "vhost/session.h"

/* Places in the array that poll(2) takes */
enum vhost_poll {
	VHOST_POLL_FRONT_END, /* a message */
	VHOST_POLL_STATE,     /* bytes of a device state that is loaded */
	VHOST_POLL_KICK,      /* of ring 0; the other rings follow */
	VHOST_POLL_FDS = VHOST_POLL_KICK + VHOST_MAX_RINGS,
};

/*
 * Fills in @fds, of VHOST_POLL_FDS entries, for poll(2). What cannot come is
 * -1 there, so that poll(2) skips it. To be called before each poll(2), as any
 * message changes the descriptors. Returns the timeout in ms: -1 for none, or
 * the time after which a ring without a kick descriptor is to be popped.
 */
int vhost_session_poll(const struct vhost_session *session, struct pollfd *fds);

#endif
