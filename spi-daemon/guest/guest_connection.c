/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/guest/guest_connection.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"

/* When to try again after accept(2) failed for want of descriptors. */
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)

/*
 * No front end is served for so long after one that held the worker, and
 * perhaps with it a bus: once per minute is what others can bear.
 */
#define HELD_PAUSE_NS (60 * NS_PER_S)

void guest_connection_tell_suppressed(const struct guest_worker *w,
				      unsigned int lines)
{
	if (lines)
		log_info("%s: %u lines suppressed", w->name, lines);
}

bool guest_connection_may_log(struct guest_worker *w)
{
	unsigned int suppressed;

	if (!log_limit_ok(&w->log_limit, clock_now(), &suppressed))
		return false;
	guest_connection_tell_suppressed(w, suppressed);
	return true;
}

static enum guest_state find_state(struct guest_worker *w)
{
	if (!guest_worker_is_connected(w))
		return GUEST_ALONE;
	if (guest_worker_is_active(w))
		return GUEST_RUNS;
	return guest_worker_requestq(w)->state == VHOST_RING_BROKEN
		       ? GUEST_BROKEN
		       : GUEST_CONNECTED;
}

void guest_connection_count(struct guest_worker *w)
{
	struct guest_stats *stats = &w->service.stats;

	counter_add(&stats->refused_messages, w->session.refused);
	counter_add(&stats->broken_rings, w->session.breaks);
	counter_add(&stats->connections, w->session.renewals);
	if (w->session.renewals && guest_connection_may_log(w))
		log_info("%s: front end began a new session", w->name);
	w->session.refused = w->session.breaks = w->session.renewals = 0;
	counter_set(&stats->state, find_state(w));
}

static void connect_session(struct guest_worker *w, int fd)
{
	vhost_session_init(&w->session, &w->device, fd, &w->waits);
	w->service.session = &w->session;
	guest_mem_watch(&w->session.mem);
	w->kicks = w->reads = (struct flood){ 0 };
	counter_add(&w->service.stats.connections, 1);
	if (guest_connection_may_log(w))
		log_info("%s: front end connected", w->name);
}

void guest_connection_end(struct guest_worker *w)
{
	if (!guest_worker_is_connected(w))
		return;
	spi_service_abort(&w->service);
	vhost_session_fini(&w->session);
	guest_mem_watch(NULL);
	w->service.session = NULL;
	guest_connection_count(w);
	guest_log_end(&w->service.log);
	if (w->session.fd_blocked) {
		w->accept_at = clock_now() + HELD_PAUSE_NS;
		log_warning("%s: its front end blocked a descriptor: no other "
			    "is served for a minute",
			    w->name);
	}
	if (guest_connection_may_log(w))
		log_info("%s: front end disconnected", w->name);
}

/* The connection stays where it is, so the listener stays readable. */
static void pause_accepting(struct guest_worker *w, int error)
{
	if (error == -EAGAIN || error == -ECONNABORTED || error == -EINTR)
		return;
	if (!w->accept_at)
		log_warning("%s: a front end has to wait: accept: %s", w->name,
			    strerror(-error));
	w->accept_at = clock_now() + ACCEPT_PAUSE_NS;
}

/* A second front end would wait for ever: better it knows at once. */
void guest_connection_accept(struct guest_worker *w)
{
	int fd = vhost_accept(&w->listener);

	if (fd < 0) {
		pause_accepting(w, fd);
		return;
	}
	w->accept_at = 0;
	if (guest_worker_is_connected(w) && vhost_session_is_over(&w->session))
		guest_connection_end(w);
	if (!guest_worker_is_connected(w) && !w->accept_at) {
		connect_session(w, fd);
		return;
	}
	close(fd);
	counter_add(&w->service.stats.turned_away, 1);
	if (guest_connection_may_log(w))
		log_warning("%s: a second front end was turned away", w->name);
}
