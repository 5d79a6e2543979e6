/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/guest/guest_connection.h"
#include "spi-daemon/guest/guest_wait.h"
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

/* Logs what became of the front end @peer, if such a line may be logged. */
static void tell(struct guest_worker *w, enum log_level level, const char *what,
		 const struct ucred *peer)
{
	char who[80];

	if (!guest_connection_may_log(w))
		return;
	vhost_describe_peer(peer, who, sizeof(who));
	log_line(level, "%s: %s: %s", w->name, what, who);
}

static void connect_session(struct guest_worker *w, int fd,
			    const struct ucred *peer)
{
	vhost_session_init(&w->session, &w->device, fd, &w->waits);
	w->service.session = &w->session;
	w->service.new_guest = true;
	guest_mem_watch(&w->session.mem);
	w->kicks = w->reads = (struct flood){ 0 };
	counter_add(&w->service.stats.connections, 1);
	tell(w, LOG_LEVEL_INFO, "front end connected", peer);
}

void guest_connection_end(struct guest_worker *w)
{
	if (!guest_worker_is_connected(w))
		return;
	spi_service_abort(&w->service);
	vhost_session_fini(&w->session);
	guest_mem_watch(NULL);
	w->service.session = NULL;
	vhost_listen_again(&w->listener);
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
		log_warning("%s: a front end has to wait: %s: %s", w->name,
			    w->listener.kind == VHOST_CONNECTS ? "connect"
							       : "accept",
			    strerror(-error));
	w->accept_at = clock_now() + ACCEPT_PAUSE_NS;
}

static void turn_away(struct guest_worker *w, int fd, const char *why,
		      const struct ucred *peer)
{
	close(fd);
	vhost_listen_again(&w->listener);
	counter_add(&w->service.stats.turned_away, 1);
	tell(w, LOG_LEVEL_WARNING, why, peer);
}

/* A second front end would wait for ever: better it knows at once. */
void guest_connection_accept(struct guest_worker *w)
{
	struct ucred peer;
	int fd = vhost_accept(&w->listener, &peer);

	if (fd < 0) {
		pause_accepting(w, fd);
		return;
	}
	w->accept_at = 0;
	/* The connection that the listener was leaves the set as such. */
	if (w->listener.fd < 0)
		wait_set_put(&w->waits, PLACE_LISTENER, -1, WAIT_LEVEL);
	if (!vhost_admits(&w->listener, &peer)) {
		turn_away(w, fd, "refused a front end", &peer);
		return;
	}
	if (guest_worker_is_connected(w) && vhost_session_is_over(&w->session))
		guest_connection_end(w);
	if (guest_worker_is_connected(w) || w->accept_at)
		turn_away(w, fd, "a second front end was turned away", &peer);
	else
		connect_session(w, fd, &peer);
}
