/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a thread that serves a session waits for, with wait_set_wait(), and what
 * it does when a place of its set is ready:
 *
 *	VHOST_POLL_FRONT_END	vhost_session_handle()
 *	VHOST_POLL_STATE	vhost_session_read_state()
 *	VHOST_POLL_KICK + i	vhost_ring_take_kick(), then vhost_session_pop()
 *				on ring i until it returns no chain
 *	VHOST_POLL_OWN, on	what the thread put there itself
 *
 * A kick is ready once: the ring has to be popped then, or later.
 */
#ifndef VHOST_POLL_H
#define VHOST_POLL_H

#include "vhost/session.h"
#include "vhost/wire/wait_set.h"

/* Places in the set */
enum vhost_poll {
	VHOST_POLL_FRONT_END, /* a message */
	VHOST_POLL_STATE,     /* bytes of a device state that is loaded */
	VHOST_POLL_KICK,      /* of ring 0; the other rings follow */
	VHOST_POLL_OWN = VHOST_POLL_KICK + VHOST_MAX_RINGS,
};

#define VHOST_POLL_BIT(place) (UINT32_C(1) << (place))

/*
 * Puts into the session's set what the session waits for now, but nothing in
 * the places @paused (bits). To be called before each wait, as any message
 * changes the descriptors. Returns the timeout in ms: -1 for none, or the time
 * after which a ring that has no kick to wait for is to be popped, and this is
 * to be called again.
 */
int vhost_session_poll(struct vhost_session *session, uint32_t paused);

#endif
