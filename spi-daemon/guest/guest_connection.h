/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How front ends of a guest connect and disconnect. The worker's thread calls
 * all of these.
 */
#ifndef GUEST_CONNECTION_H
#define GUEST_CONNECTION_H

#include <stdbool.h>

#include "spi-daemon/guest/guest_worker.h"

/* The only queue of the device */
#define GUEST_REQUESTQ 0

static inline struct vhost_ring *
guest_worker_requestq(struct guest_worker *worker)
{
	return &worker->session.rings[GUEST_REQUESTQ];
}

/* Returns true if there is a front end. */
static inline bool guest_worker_is_connected(const struct guest_worker *worker)
{
	return worker->service.session;
}

/* Returns true if there are requests to serve, or may be. */
static inline bool guest_worker_is_active(struct guest_worker *worker)
{
	return guest_worker_is_connected(worker) &&
	       vhost_ring_is_active(guest_worker_requestq(worker));
}

/*
 * Accepts a front end that waits at the listener. It is served, or, if another
 * one is, turned away.
 */
void guest_connection_accept(struct guest_worker *worker);

/* Ends the session, if there is one. */
void guest_connection_end(struct guest_worker *worker);

/* Adds what the session has counted to the guest's statistics. */
void guest_connection_count(struct guest_worker *worker);

/*
 * Returns true if a line about connections may be logged: a front end can cause
 * such lines at no cost.
 */
bool guest_connection_may_log(struct guest_worker *worker);

/* Logs that @lines lines about connections were suppressed, if there were. */
void guest_connection_tell_suppressed(const struct guest_worker *worker,
				      unsigned int lines);

#endif
