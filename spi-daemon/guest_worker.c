/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/clock.h"
#include "spi-daemon/guest_worker.h"
#include "spi-daemon/log.h"

#define REQUESTQ 0

/* The front end is looked after at least this often while requests run. */
#define BURST_NS (2 * NS_PER_MS)

/* How often a ring without kicks is looked at. */
#define POLL_NS	   NS_PER_MS

#define STACK_SIZE (256u << 10)

int guest_worker_init(struct guest_worker *w, const struct guest_spec *spec,
		      struct controller *controller)
{
	int ret;

	*w = (struct guest_worker){ .quit = -1 };
	spi_config_encode(&controller->config, &w->config);
	w->device = (struct vhost_device){
		.ops = &spi_service_ops,
		.opaque = &w->service,
		.without = spec->without,
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
	w->quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = w->quit < 0 ? -errno
			  : vhost_listen(&w->listener, spec->socket, NULL);
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

static struct vhost_ring *requestq(struct guest_worker *w)
{
	return &w->session.rings[REQUESTQ];
}

static bool is_active(struct guest_worker *w)
{
	return w->connected && vhost_ring_is_active(requestq(w));
}

static void connect_session(struct guest_worker *w, int fd)
{
	vhost_session_init(&w->session, &w->device, fd);
	w->service.session = &w->session;
	guest_mem_watch(&w->session.mem);
	w->connected = true;
	log_info("%s: front end connected", w->name);
}

static void end_session(struct guest_worker *w)
{
	if (!w->connected)
		return;
	spi_service_abort(&w->service);
	vhost_session_fini(&w->session);
	guest_mem_watch(NULL);
	w->service.session = NULL;
	w->connected = false;
	log_info("%s: front end disconnected", w->name);
}

/* A second front end would wait for ever: better it knows at once. */
static void accept_front_end(struct guest_worker *w)
{
	int fd = vhost_accept(&w->listener);

	if (fd < 0)
		return;
	if (w->connected && vhost_session_is_over(&w->session))
		end_session(w);
	if (!w->connected) {
		connect_session(w, fd);
		return;
	}
	close(fd);
	log_warning("%s: a second front end was turned away", w->name);
}

/* Logs what the session has to say, once. */
static void report(struct guest_worker *w)
{
	if (!w->session.reason[0])
		return;
	spi_service_complain(&w->service, "%s", w->session.reason);
	w->session.reason[0] = '\0';
}

/* The front end cut its memory short: no ring in it can be trusted. */
static void check_memory(struct guest_worker *w)
{
	if (!vhost_session_lost_memory(&w->session) || !is_active(w))
		return;
	spi_service_abort(&w->service);
	vhost_session_break(&w->session, REQUESTQ,
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
	uint64_t deadline;

	for (; is_active(w); now = clock_now()) {
		progress = spi_service_step(&w->service, now);
		check_memory(w);
		report(w);
		if (progress != SPI_MORE)
			break;
		if (now >= end)
			return 0;
	}
	if (progress == SPI_IDLE)
		spi_service_tick(&w->service, now);
	deadline = spi_service_deadline(&w->service);
	if (is_active(w) && requestq(w)->kick < 0 && deadline > now + POLL_NS)
		deadline = now + POLL_NS;
	return deadline;
}

static void take_kick(struct guest_worker *w)
{
	if (!is_active(w) || vhost_ring_take_kick(requestq(w)) == 0)
		return;
	spi_service_abort(&w->service);
	vhost_session_break(&w->session, REQUESTQ, "its kick descriptor died");
	report(w);
}

static void serve_front_end(struct guest_worker *w)
{
	int ret = vhost_session_handle(&w->session);

	report(w);
	if (ret >= 0)
		return;
	if (ret != -ECONNRESET)
		log_warning("%s: connection lost: %s", w->name, strerror(-ret));
	end_session(w);
}

enum {
	POLL_QUIT,
	POLL_LISTENER,
	POLL_WAKE,
	POLL_FRONT_END,
	POLL_KICK,
	POLL_STATE,
	POLL_COUNT,
};

/* Waits until something comes in, or @deadline (monotonic ns). */
static int wait_for(struct guest_worker *w, struct pollfd *fds,
		    uint64_t deadline)
{
	uint64_t now, left = 0;
	struct timespec timeout;

	fds[POLL_QUIT].fd = w->quit;
	fds[POLL_LISTENER].fd = w->listener.fd;
	fds[POLL_WAKE].fd = w->service.user.wake;
	fds[POLL_FRONT_END].fd = w->connected ? w->session.sock.fd : -1;
	fds[POLL_KICK].fd = is_active(w) ? requestq(w)->kick : -1;
	fds[POLL_STATE].fd = w->connected ? w->session.state.fd : -1;
	for (int i = 0; i < POLL_COUNT; i++) {
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}

	if (deadline && deadline != CLOCK_NEVER) {
		now = clock_now();
		left = deadline > now ? deadline - now : 0;
	}
	timeout.tv_sec = (time_t)(left / NS_PER_S);
	timeout.tv_nsec = (long)(left % NS_PER_S);
	return ppoll(fds, POLL_COUNT, deadline == CLOCK_NEVER ? NULL : &timeout,
		     NULL);
}

static void *run(void *arg)
{
	struct guest_worker *w = arg;
	struct pollfd fds[POLL_COUNT];

	for (;;) {
		uint64_t deadline = serve_ring(w);

		if (wait_for(w, fds, deadline) < 0)
			continue; /* interrupted */
		if (fds[POLL_QUIT].revents)
			break;
		if (fds[POLL_WAKE].revents)
			bus_user_woken(&w->service.user);
		if (fds[POLL_KICK].revents)
			take_kick(w);
		if (fds[POLL_STATE].revents)
			vhost_session_read_state(&w->session);
		if (fds[POLL_FRONT_END].revents)
			serve_front_end(w);
		if (fds[POLL_LISTENER].revents)
			accept_front_end(w);
	}
	end_session(w);
	return NULL;
}

int guest_worker_start(struct guest_worker *w)
{
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	ret = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	return -ret;
}

void guest_worker_quit(struct guest_worker *w)
{
	eventfd_write(w->quit, 1);
}

void guest_worker_join(struct guest_worker *w)
{
	pthread_join(w->thread, NULL);
}
