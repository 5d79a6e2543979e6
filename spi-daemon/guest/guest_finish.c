/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/guest/guest_finish.h"

#include "spi-daemon/system/clock.h"
#include "vhost/keeper/session/handover.h"

/* Returns true if the keeper wants to stop the ring, while the guest runs. */
static bool is_asked(const struct vhost_sock *sock)
{
	struct {
		struct vhost_wire_header header;
		struct vhost_wire_vring_state state;
	} next;

	return vhost_sock_peek(sock, &next, sizeof(next)) &&
	       next.header.request == VHOST_USER_GET_VRING_BASE &&
	       next.state.num == KEEPER_FINISH_FIRST;
}

bool guest_finish_first(struct guest_worker *w)
{
	const struct spi_message *m = &w->service.message;
	const bool finishes = w->finishes;

	w->finishes = false;
	if (finishes || w->listener.kind != VHOST_PASSED ||
	    m->cs.message != CS_HELD || clock_now() >= m->hold_until ||
	    !is_asked(&w->session.sock))
		return false;
	w->finishes = true;
	w->reads.until = m->hold_until;
	return true;
}

bool guest_finish_is_over(struct guest_worker *w)
{
	if (!w->finishes || w->service.message.cs.message == CS_HELD)
		return false;
	w->finishes = false;
	w->reads.until = 0;
	return true;
}
