/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The guests that are served, each with its thread: come, go, and stay. */
#ifndef GUEST_SET_H
#define GUEST_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/guest/guest_worker.h"
#include "spi-daemon/config/options.h"
#include "spi-daemon/bus/pool.h"

struct guest {
	struct guest_spec spec;
	struct controller controller;
	struct guest_worker worker;
	bool listens; /* ->worker has its socket, */
	bool runs;    /* and its thread */
};

struct guest_set {
	struct pool pool;
	struct guest *guests[OPTIONS_MAX_GUESTS];
	unsigned int count;
	int link;		   /* to the keeper (keeper/link.h); -1: none */
	struct passed_fds *passed; /* that guests may use; NULL: none */
	struct watcher watcher; /* the thread that calls the functions below */
};

/*
 * Serves all guests of @options, whose descriptions move into @set, or none.
 * @link, @passed: see struct guest_set; the caller closes it after
 * guest_set_stop(). On failure returns a negative errno, with one line (no
 * newline) in @error, and no socket is left.
 */
int guest_set_start(struct guest_set *set, struct options *options, int link,
		    struct passed_fds *passed, char *error, size_t error_size);

/*
 * Serves the guests of @options, whose descriptions may move into @set,
 * instead of those so far. Who is described as before notices nothing; who
 * is described otherwise loses the front end. Says in the log who comes and
 * who goes. Traces are changed as described.
 * Returns 0; or a negative errno, with one line (no newline) in @error, when
 * a device or the place of a socket is not as it should be: then nothing was
 * changed. Should a guest fail later than that, the log says why, and the
 * others are served.
 */
int guest_set_change(struct guest_set *set, struct options *options,
		     char *error, size_t error_size);

/*
 * To be called about once per second: see guest_worker_look(). Returns true if
 * a guest's thread has done anything since the last call.
 */
bool guest_set_look(struct guest_set *set);

/*
 * Returns true if no thread has done anything since guest_set_look(). Then that
 * need not be called again before WATCHER_SIGNAL comes (system/watchdog.h).
 */
bool guest_set_rest(struct guest_set *set);

/*
 * Returns true if there are guests, and none of them has a front end or can
 * have one again: each had one connection, which was passed to this process.
 */
bool guest_set_is_over(const struct guest_set *set);

/* Ends all guests, and removes their sockets unless a keeper has them. */
void guest_set_stop(struct guest_set *set);

#endif
