/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One guest: a socket, the thread that serves it, and all that the thread
 * owns. A front end that goes away leaves nothing behind; the next is served.
 */
#ifndef GUEST_WORKER_H
#define GUEST_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "spi-daemon/bus/controller.h"
#include "spi-daemon/config/guest/guest_spec.h"
#include "spi-daemon/guest/idle_poll.h"
#include "spi-daemon/startup/fds/passed_fds.h"
#include "spi-daemon/transfer/spi_service.h"
#include "spi-daemon/system/watchdog.h"
#include "vhost/listen/listen.h"
#include "vhost/session.h"
#include "vhost/wire/wait_set.h"
#include "virtio/spi/spi_wire.h"

/* Wake-ups by one descriptor that led to nothing. */
struct flood {
	unsigned int idle; /* in a row */
	uint64_t until;	   /* monotonic ns: the descriptor is not polled */
};

struct guest_worker {
	char *name; /* "guest 0", for the log */
	struct vhost_listener listener;
	struct wait_set waits; /* what the thread waits for */
	atomic_bool quits;     /* the thread is to end; it is woken as well */
	pthread_t thread;
	struct watchdog watchdog; /* of the thread */
	struct virtio_spi_wire_config config;
	struct vhost_device device;
	struct spi_service service;
	struct vhost_session session; /* while ->service has it */
	uint64_t accept_at; /* monotonic ns: no descriptor was left before */
	struct idle_poll poll;
	struct flood kicks;  /* with nothing in the ring */
	struct flood reads;  /* with no whole message */
	atomic_bool is_over; /* no front end can come any more */
	bool finishes;	     /* the guest's message first: see guest_finish.h */
	struct log_limit log_limit; /* of lines about connections */
};

/*
 * Listens at the socket of the guest that @spec describes, whose requests go
 * to @controller; both must outlive the worker. @link leads to the keeper that
 * listens in our place (keeper/link.h); -1: there is none. Then @passed has the
 * descriptors that this process was given. Returns 0 or a
 * negative errno, of vhost_listen() or for want of memory or descriptors.
 */
int guest_worker_init(struct guest_worker *worker,
		      const struct guest_spec *spec,
		      struct controller *controller, int link,
		      struct passed_fds *passed);

/* Removes the socket. The thread does not run, or was joined. */
void guest_worker_fini(struct guest_worker *worker);

/* Starts the thread. Returns 0 or a negative errno. */
int guest_worker_start(struct guest_worker *worker);

/*
 * To be called about once per second, by the thread that also quits and joins:
 * a worker that its front end has held since the last call gets free. Returns
 * true if the worker has done anything since then.
 */
bool guest_worker_look(struct guest_worker *worker);

/* Asks the thread to end. */
void guest_worker_quit(struct guest_worker *worker);

/* Waits for the thread, which was asked to end: it does, held or not. */
void guest_worker_join(struct guest_worker *worker);

#endif
