/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a thread waits for: descriptors in numbered places, in an epoll(7) set.
 * One system call waits for all of them; others are made only when a place
 * gets another descriptor.
 *
 * An entry of an epoll set lives as long as the open file does, and a front
 * end keeps the files that it sends. So a descriptor that is in a place has to
 * leave it before it is closed: wait_set_forget().
 */
#ifndef VHOST_WAIT_SET_H
#define VHOST_WAIT_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define WAIT_SET_PLACES 16

enum wait_kind {
	WAIT_LEVEL, /* ready as long as there is something to read */
	/*
	 * Ready once for each time that something was written, whether or not
	 * it was read. For eventfds, which then need not be read at all.
	 */
	WAIT_EDGE,
};

struct wait_set {
	int epoll; /* the owner's, or its own */
	bool owned;
	bool coarse; /* the kernel has no epoll_pwait2(2), of Linux 5.11 */
	int fds[WAIT_SET_PLACES]; /* -1: the place is empty */
};

/* All places are empty. Returns 0 or a negative errno. */
int wait_set_init(struct wait_set *set);
void wait_set_fini(struct wait_set *set);

/*
 * The same, in the epoll set @epoll of the caller, which has to outlive this
 * one. What else is in it can be ready, too: as bit .data.u32, from
 * WAIT_SET_PLACES to 31.
 */
void wait_set_init_in(struct wait_set *set, int epoll);

/* Implements wait_set_put() when something changes. */
int wait_set_replace(struct wait_set *set, unsigned int place, int fd,
		     enum wait_kind kind);

/*
 * From now on @place waits for @fd, which it does not own; -1: for nothing. If
 * it waits for @fd already nothing changes. Returns 0; or a negative errno, and
 * the place is empty: -EPERM: @fd is a file, always readable.
 */
static inline int wait_set_put(struct wait_set *set, unsigned int place, int fd,
			       enum wait_kind kind)
{
	return set->fds[place] == fd ? 0
				     : wait_set_replace(set, place, fd, kind);
}

/* Empties the place that waits for @fd, if there is one. NULL: no set. */
void wait_set_forget(struct wait_set *set, int fd);

/*
 * Waits until a place is ready, for @timeout at the longest; NULL: for ever.
 * Returns the places that are ready, as bits; 0 after @timeout, or when a
 * signal came.
 */
uint32_t wait_set_wait(struct wait_set *set, const struct timespec *timeout);

#endif
