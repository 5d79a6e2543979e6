/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Whether a thread whose guest has just had a request done looks at the ring
 * for the next one before it sleeps, and for how long: --poll.
 *
 * A look pays if the next request comes while it lasts. After one in vain, the
 * next idle times are slept through: one, then three, seven, and so on up to
 * IDLE_POLL_SKIP_MAX. Only those count that a look would have been long enough
 * for. So a guest with long pauses has one look in all, and where nothing can
 * come while the thread looks, as it has the only processor, there are few.
 */
#ifndef IDLE_POLL_H
#define IDLE_POLL_H

#include <stdbool.h>
#include <stdint.h>

#define IDLE_POLL_SKIP_MAX 1023

/* All times are monotonic, ns. All zero: there are no looks. */
struct idle_poll {
	uint64_t window;     /* how long a look lasts; 0: there are none */
	uint64_t idle_since; /* 0: the guest has requests */
	unsigned int skip; /* idle times to sleep through, of those so short */
	unsigned int next_skip; /* what ->skip is after one more look in vain */
};

/* The guest is idle at @now, and a look lasts @window ns. */
void idle_poll_init(struct idle_poll *poll, uint64_t window, uint64_t now);

/* The guest has a request at @now. */
void idle_poll_work(struct idle_poll *poll, uint64_t now);

/*
 * The guest has no request any more, at @now. Returns until when to look for
 * the next one: @now or earlier, if not at all. Asked again it says so, too.
 */
uint64_t idle_poll_until(struct idle_poll *poll, uint64_t now);

/* A look is over. Did it find a request? */
void idle_poll_looked(struct idle_poll *poll, bool found);

#endif
