/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/cpu.h"
#include "spi-daemon/guest/guest_connection.h"
#include "spi-daemon/guest/guest_finish.h"
#include "spi-daemon/guest/guest_wait.h"
#include "spi-daemon/guest/guest_worker.h"
#include "spi-daemon/sandbox/sandbox.h"
#include "spi-daemon/system/join.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/system/waker.h"
#include "vhost/keeper/fault.h"
#include "vhost/keeper/link.h"
#include "vhost/keeper/session/relay.h"

/* The front end is looked after at least this often while requests run. */
#define BURST_NS (2 * NS_PER_MS)

/*
 * A kick may come for what was done already, and a message in parts. So many
 * wake-ups for nothing in a row are a flood, or a descriptor that is readable
 * whatever is done: it is left alone for a while, so that the thread sleeps.
 */
#define FLOOD_WAKES    64
#define FLOOD_PAUSE_NS NS_PER_MS

/* Looks at a ring between two looks at the clock */
#define LOOKS 16

/* Between two looks at a thread that should end. */
#define JOIN_LOOK_NS (20 * NS_PER_MS)

#define STACK_SIZE   (256u << 10)

static int listen_alone(struct guest_worker *w, const struct guest_spec *spec,
			struct passed_fds *passed)
{
	int fd;

	switch (spec->origin) {
	case VHOST_FROM_DESCRIPTOR:
		fd = passed_fds_get(passed, spec->socket, false);
		return fd < 0 ? fd
			      : vhost_inherit(&w->listener, fd, spec->socket,
					      &spec->access);
	case VHOST_FROM_LISTENER:
		return vhost_connect(&w->listener, spec->socket, &spec->access);
	default:
		return vhost_listen(&w->listener, spec->socket, &spec->access);
	}
}

/*
 * A keeper needs some protocol features, and hides those that the operator does
 * not offer from the front end.
 */
static int listen_for(struct guest_worker *w, const struct guest_spec *spec,
		      int link, struct passed_fds *passed)
{
	uint64_t hidden = KEEPER_NEEDED & ~w->device.offered.protocol;

	if (link < 0)
		return listen_alone(w, spec, passed);
	w->device.offered.protocol |= KEEPER_NEEDED;
	return keeper_link_listen(link, &w->listener, w->name, spec->origin,
				  spec->socket, &spec->access, hidden);
}

int guest_worker_init(struct guest_worker *w, const struct guest_spec *spec,
		      struct controller *controller, int link,
		      struct passed_fds *passed)
{
	int ret;

	*w = (struct guest_worker){ 0 };
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
	idle_poll_init(&w->poll, (uint64_t)spec->poll_us * NS_PER_US,
		       clock_now());
	w->service.replay = spec->replay;
	w->service.message.user.weight = spec->weight;
	guest_wait_init(w);
	ret = listen_for(w, spec, link, passed);
	if (ret < 0)
		goto fini_service;
	return 0;

fini_service:
	spi_service_fini(&w->service);
free_name:
	free(w->name);
	return ret;
}

void guest_worker_fini(struct guest_worker *w)
{
	vhost_unlisten(&w->listener);
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

/* Does the driver have nothing in the ring, and the thread nothing in hand? */
static bool is_idle(struct guest_worker *w)
{
	return w->service.job.phase == JOB_NONE &&
	       vhost_ring_is_empty(guest_worker_requestq(w));
}

/*
 * The guest may have its next request soon: looks for it, while kicks are
 * suppressed. What is due otherwise, the bus that lingers for instance, comes
 * first. Moves @now on.
 */
static void look_for_work(struct guest_worker *w, uint64_t *now)
{
	uint64_t until = idle_poll_until(&w->poll, *now);
	bool found;

	if (*now >= until)
		return;
	spi_service_settle(&w->service);
	until = clock_earlier(until, spi_service_deadline(&w->service));
	while (*now < until && is_idle(w)) {
		for (int i = 0; i < LOOKS && is_idle(w); i++)
			cpu_relax();
		*now = clock_now();
	}
	found = !is_idle(w);
	idle_poll_looked(&w->poll, found);
	counter_add(&w->service.stats.polls, 1);
	counter_add(&w->service.stats.polls_found, found);
}

/*
 * Works on the ring for a while. Returns when to come back at the latest: at
 * once if there is more to do, or at a monotonic time in ns. @now is the
 * present, and is moved on.
 */
static uint64_t serve_ring(struct guest_worker *w, uint64_t *now)
{
	const uint64_t end = *now + BURST_NS;
	enum spi_progress progress = SPI_IDLE;

	while (guest_worker_is_active(w)) {
		if (w->poll.window && is_idle(w))
			look_for_work(w, now);
		progress = spi_service_serve(&w->service, *now);
		*now = w->service.now;
		check_memory(w);
		report(w);
		if (progress != SPI_MORE)
			break;
		w->kicks.idle = 0;
		idle_poll_work(&w->poll, *now);
		if (*now >= end || guest_finish_is_over(w))
			return 0;
	}
	if (progress == SPI_IDLE)
		spi_service_tick(&w->service, *now);
	guest_finish_is_over(w);
	return spi_service_deadline(&w->service);
}

/* A wake-up for nothing, as far as is known yet. Returns true in a flood. */
static bool note_idle(struct flood *flood)
{
	if (++flood->idle < FLOOD_WAKES)
		return false;
	flood->until = clock_now() + FLOOD_PAUSE_NS;
	return true;
}

static void take_kick(struct guest_worker *w)
{
	struct vhost_ring *ring = guest_worker_requestq(w);
	int ret;

	if (!guest_worker_is_active(w))
		return;
	ret = vhost_ring_take_kick(ring);
	if (!ret && note_idle(&w->kicks))
		ret = vhost_ring_clear_kick(ring);
	if (!ret)
		return;
	w->session.fd_blocked |= ret == -EINTR;
	spi_service_abort(&w->service);
	vhost_session_break(&w->session, GUEST_REQUESTQ,
			    "its kick descriptor died");
	report(w);
}

/* The front end may ask for the config space: it gets what is known now. */
static void refresh_config(struct guest_worker *w)
{
	struct controller *controller = w->service.controller;

	if (!controller_refresh(controller))
		return;
	spi_config_encode(&controller->config, &w->config);
	spi_service_config_changed(&w->service);
}

static void serve_front_end(struct guest_worker *w)
{
	int ret;

	if (guest_finish_first(w))
		return;
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

/* The only front end has come and gone. */
static bool has_ended(struct guest_worker *w)
{
	return !guest_worker_is_connected(w) &&
	       vhost_listen_is_over(&w->listener);
}

static void *run(void *arg)
{
	struct guest_worker *w = arg;

	sandbox_enter_guest_thread();
	keeper_fault_serve(w->listener.path);
	while (!atomic_load(&w->quits) && !has_ended(w)) {
		uint64_t now = clock_now();
		uint64_t deadline = serve_ring(w, &now);
		uint32_t ready;

		if (guest_worker_is_connected(w))
			spi_service_settle(&w->service);
		report(w);
		guest_connection_count(w);
		ready = guest_wait(w, now, deadline);
		if (ready & VHOST_POLL_BIT(PLACE_KICK))
			take_kick(w);
		if (ready & VHOST_POLL_BIT(VHOST_POLL_STATE))
			vhost_session_read_state(&w->session);
		if (ready & VHOST_POLL_BIT(VHOST_POLL_FRONT_END))
			serve_front_end(w);
		if (ready & VHOST_POLL_BIT(PLACE_LISTENER))
			guest_connection_accept(w);
	}
	guest_connection_end(w);
	atomic_store(&w->is_over, true);
	guest_connection_tell_suppressed(w, log_limit_end(&w->log_limit));
	return NULL;
}

int guest_worker_start(struct guest_worker *w)
{
	pthread_attr_t attr;
	int ret;

	watchdog_init();
	watchdog_work(&w->watchdog); /* at work from its first moment on */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	ret = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	return -ret;
}

bool guest_worker_look(struct guest_worker *w)
{
	enum watchdog_finding finding = watchdog_look(&w->watchdog, w->thread);

	if (finding == WATCHDOG_STUCK)
		log_debug("%s: held by a system call", w->name);
	return finding != WATCHDOG_RESTED;
}

void guest_worker_quit(struct guest_worker *w)
{
	atomic_store(&w->quits, true);
	waker_wake(w->service.message.user.wake);
	/* So that join's first look can be the one that frees it. */
	guest_worker_look(w);
}

void guest_worker_join(struct guest_worker *w)
{
	do {
		guest_worker_look(w);
	} while (join_for(w->thread, JOIN_LOOK_NS) == -ETIMEDOUT);
}
