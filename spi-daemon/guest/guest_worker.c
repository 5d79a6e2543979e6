/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/guest/guest_connection.h"
#include "spi-daemon/guest/guest_worker.h"
#include "spi-daemon/system/join.h"
#include "spi-daemon/system/log.h"
#include "vhost/keeper/link.h"
#include "vhost/keeper/relay.h"
#include "vhost/poll.h"

/* The front end is looked after at least this often while requests run. */
#define BURST_NS (2 * NS_PER_MS)

/*
 * A kick may come for what was done already, and a message in parts. So many
 * wake-ups for nothing in a row are a flood, or a descriptor that is readable
 * whatever is done: it is left alone for a while, so that the thread sleeps.
 */
#define FLOOD_WAKES    64
#define FLOOD_PAUSE_NS NS_PER_MS

/* Between two looks at a thread that should end. */
#define JOIN_LOOK_NS (20 * NS_PER_MS)

#define STACK_SIZE   (256u << 10)

/*
 * A keeper needs some protocol features, and hides those that the operator does
 * not offer from the front end.
 */
static int listen_for(struct guest_worker *w, const struct guest_spec *spec,
		      int link)
{
	uint64_t hidden = KEEPER_NEEDED & ~w->device.offered.protocol;

	if (link < 0)
		return vhost_listen(&w->listener, spec->socket, &spec->access);
	w->device.offered.protocol |= KEEPER_NEEDED;
	return keeper_link_listen(link, &w->listener, w->name, spec->socket,
				  &spec->access, hidden);
}

int guest_worker_init(struct guest_worker *w, const struct guest_spec *spec,
		      struct controller *controller, int link)
{
	int ret;

	*w = (struct guest_worker){ .quit = -1 };
	spi_config_encode(&controller->config, &w->config);
	w->device = (struct vhost_device){
		.ops = &spi_service_ops,
		.opaque = &w->service,
		.offered = offer_features(&spec->offer),
		.ring_count = 1,
		.config = &w->config,
		.config_size = sizeof(w->config),
	};
	if (asprintf(&w->name, "guest %s", spec->name) < 0)
		return -ENOMEM;
	ret = spi_service_init(&w->service, w->name, controller);
	if (ret < 0)
		goto free_name;
	w->service.replay = spec->replay;
	w->service.message.user.weight = spec->weight;
	w->quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = w->quit < 0 ? -errno : listen_for(w, spec, link);
	if (ret < 0)
		goto fini_service;
	return 0;

fini_service:
	if (w->quit >= 0)
		close(w->quit);
	spi_service_fini(&w->service);
free_name:
	free(w->name);
	return ret;
}

void guest_worker_fini(struct guest_worker *w)
{
	vhost_unlisten(&w->listener);
	close(w->quit);
	spi_service_fini(&w->service);
	free(w->name);
}

/* What its user can do about it, by the session's hint. */
static const char *const advice[] = {
	[VHOST_HINT_NONE] = "",
	[VHOST_HINT_NO_SETUP] =
		("; Linux's spi-virtio does so after a suspend, and then "
		 "hangs: see docs/guest-linux.md"),
	[VHOST_HINT_NO_MEMORY] = "; QEMU needs a memory backend with share=on",
};

/* Logs what the session has to say, once. */
static void report(struct guest_worker *w)
{
	const struct vhost_reason *reason = &w->session.reason;

	if (!reason->text[0])
		return;
	guest_log_warning(&w->service.log, "%s%s", reason->text,
			  advice[reason->hint]);
	vhost_reason_clear(&w->session.reason);
}

/* The front end cut its memory short: no ring in it can be trusted. */
static void check_memory(struct guest_worker *w)
{
	if (!vhost_session_lost_memory(&w->session) ||
	    !guest_worker_is_active(w))
		return;
	spi_service_abort(&w->service);
	vhost_session_break(&w->session, GUEST_REQUESTQ,
			    "its memory was cut short under it");
	report(w);
}

/*
 * Works on the ring for a while. Returns when to come back at the latest: at
 * once if there is more to do, or at a monotonic time in ns.
 */
static uint64_t serve_ring(struct guest_worker *w)
{
	uint64_t now = clock_now(), end = now + BURST_NS;
	enum spi_progress progress = SPI_IDLE;

	for (; guest_worker_is_active(w); now = clock_now()) {
		progress = spi_service_step(&w->service, now);
		check_memory(w);
		report(w);
		if (progress != SPI_MORE)
			break;
		w->kicks.idle = 0;
		if (now >= end)
			return 0;
	}
	if (progress == SPI_IDLE)
		spi_service_tick(&w->service, now);
	return spi_service_deadline(&w->service);
}

/* A wake-up for nothing, as far as is known yet. */
static void note_idle(struct flood *flood)
{
	if (++flood->idle >= FLOOD_WAKES)
		flood->until = clock_now() + FLOOD_PAUSE_NS;
}

static void take_kick(struct guest_worker *w)
{
	int ret;

	if (!guest_worker_is_active(w))
		return;
	ret = vhost_ring_take_kick(guest_worker_requestq(w));
	if (ret < 0) {
		w->session.fd_blocked |= ret == -EINTR;
		spi_service_abort(&w->service);
		vhost_session_break(&w->session, GUEST_REQUESTQ,
				    "its kick descriptor died");
		report(w);
	} else {
		note_idle(&w->kicks);
	}
}

/* The front end may ask for the config space: it gets what is known now. */
static void refresh_config(struct guest_worker *w)
{
	struct controller *controller = w->service.controller;

	if (controller_refresh(controller))
		spi_config_encode(&controller->config, &w->config);
}

static void serve_front_end(struct guest_worker *w)
{
	int ret;

	refresh_config(w);
	ret = vhost_session_handle(&w->session);
	report(w);
	if (ret > 0)
		w->reads.idle = 0;
	else if (!ret)
		note_idle(&w->reads);
	if (ret >= 0)
		return;
	if (ret != -ECONNRESET) {
		counter_add(&w->service.stats.disconnected, 1);
		if (guest_connection_may_log(w))
			log_warning("%s: connection lost: %s", w->name,
				    strerror(-ret));
	}
	guest_connection_end(w);
}

enum {
	POLL_QUIT,
	POLL_LISTENER,
	POLL_WAKE,
	POLL_SESSION, /* and on: what the session waits for */
	POLL_FRONT_END = POLL_SESSION + VHOST_POLL_FRONT_END,
	POLL_STATE = POLL_SESSION + VHOST_POLL_STATE,
	POLL_KICK = POLL_SESSION + VHOST_POLL_KICK + GUEST_REQUESTQ,
	POLL_ROOM = POLL_SESSION + VHOST_POLL_FDS,
	/* The rings that there are: poll(2) fails for more than RLIMIT_NOFILE.
	 */
	POLL_COUNT = POLL_KICK + 1,
};

/* Makes @deadline no later than @time; both are monotonic ns. */
static void wake_by(uint64_t *deadline, uint64_t time)
{
	if (*deadline > time)
		*deadline = time;
}

/* Leaves the descriptor out until @until, and sees to waking up then. */
static void put_off(struct pollfd *fd, uint64_t until, uint64_t now,
		    uint64_t *deadline)
{
	if (fd->fd < 0 || now >= until)
		return;
	fd->fd = -1;
	wake_by(deadline, until);
}

/* What to wait for. Makes @deadline earlier for what has to be polled. */
static void choose_events(struct guest_worker *w, struct pollfd *fds,
			  uint64_t now, uint64_t *deadline)
{
	int timeout_ms = -1;

	for (int i = 0; i < POLL_ROOM; i++)
		fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	fds[POLL_QUIT].fd = w->quit;
	fds[POLL_LISTENER].fd = w->listener.fd;
	fds[POLL_WAKE].fd = w->service.message.user.wake;
	if (w->connected)
		timeout_ms =
			vhost_session_poll(&w->session, &fds[POLL_SESSION]);
	if (timeout_ms >= 0)
		wake_by(deadline, now + (uint64_t)timeout_ms * NS_PER_MS);
	put_off(&fds[POLL_LISTENER], w->accept_at, now, deadline);
	put_off(&fds[POLL_KICK], w->kicks.until, now, deadline);
	put_off(&fds[POLL_FRONT_END], w->reads.until, now, deadline);
}

/* Waits until something comes in, or @deadline (monotonic ns). */
static int wait_for(struct guest_worker *w, struct pollfd *fds,
		    uint64_t deadline)
{
	uint64_t now = clock_now();
	struct timespec timeout;
	int ret;

	choose_events(w, fds, now, &deadline);
	timeout = clock_left(now, deadline);
	watchdog_turn(&w->watchdog);
	ret = ppoll(fds, POLL_COUNT, deadline == CLOCK_NEVER ? NULL : &timeout,
		    NULL);
	watchdog_turn(&w->watchdog);
	return ret;
}

static void *run(void *arg)
{
	struct guest_worker *w = arg;
	struct pollfd fds[POLL_ROOM];

	for (;;) {
		uint64_t deadline = serve_ring(w);

		guest_connection_count(w);
		if (wait_for(w, fds, deadline) < 0)
			continue; /* interrupted */
		if (fds[POLL_QUIT].revents)
			break;
		if (fds[POLL_WAKE].revents)
			bus_user_woken(&w->service.message.user);
		if (fds[POLL_KICK].revents)
			take_kick(w);
		if (fds[POLL_STATE].revents)
			vhost_session_read_state(&w->session);
		if (fds[POLL_FRONT_END].revents)
			serve_front_end(w);
		if (fds[POLL_LISTENER].revents)
			guest_connection_accept(w);
	}
	guest_connection_end(w);
	guest_connection_tell_suppressed(w, log_limit_end(&w->log_limit));
	return NULL;
}

int guest_worker_start(struct guest_worker *w)
{
	pthread_attr_t attr;
	int ret;

	watchdog_init();
	watchdog_turn(&w->watchdog); /* at work from its first moment on */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	ret = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	return -ret;
}

void guest_worker_look(struct guest_worker *w)
{
	if (watchdog_look(&w->watchdog, w->thread))
		log_debug("%s: held by a system call", w->name);
}

void guest_worker_quit(struct guest_worker *w)
{
	eventfd_write(w->quit, 1);
	/* So that join's first look can be the one that frees it. */
	guest_worker_look(w);
}

void guest_worker_join(struct guest_worker *w)
{
	do {
		guest_worker_look(w);
	} while (join_for(w->thread, JOIN_LOOK_NS) == -ETIMEDOUT);
}
