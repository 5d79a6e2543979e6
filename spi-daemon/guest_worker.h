/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One guest: a socket, the thread that serves it, and all that the thread
 * owns. A front end that goes away leaves nothing behind; the next is served.
 */
#ifndef GUEST_WORKER_H
#define GUEST_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "spi-daemon/pool.h"
#include "spi-daemon/spi_service.h"
#include "vhost/listen.h"
#include "vhost/session.h"
#include "virtio/spi_wire.h"

struct guest_worker {
	char name[24]; /* "guest 0", for the log */
	struct vhost_listener listener;
	int quit; /* eventfd of the daemon: end when readable */
	pthread_t thread;
	struct virtio_spi_wire_config config;
	struct vhost_device device;
	struct spi_service service;
	struct vhost_session session; /* while ->connected */
	bool connected;
};

/*
 * Listens at @path for guest number @index, whose requests go to @pool. The
 * features @without are not offered. @quit
 * stays the caller's. Returns 0 or a negative errno, of vhost_listen() or
 * for want of memory or descriptors.
 */
int guest_worker_init(struct guest_worker *worker, unsigned int index,
		      const char *path, struct pool *pool,
		      const struct vhost_feature_set *without, int quit);

/* Removes the socket. The thread does not run, or was joined. */
void guest_worker_fini(struct guest_worker *worker);

/* Starts the thread. Returns 0 or a negative errno. */
int guest_worker_start(struct guest_worker *worker);

/* Waits for the thread, which ends soon after ->quit becomes readable. */
void guest_worker_join(struct guest_worker *worker);

#endif
