/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a guest's thread waits for, in one wait_set. */
#ifndef GUEST_WAIT_H
#define GUEST_WAIT_H

#include <stdint.h>

#include "spi-daemon/guest/guest_connection.h"
#include "vhost/poll.h"

/* Places of the set; those of the session are in vhost/poll.h. */
enum {
	PLACE_LISTENER = VHOST_POLL_OWN,
	PLACE_KICK = VHOST_POLL_KICK + GUEST_REQUESTQ,
};

/* Makes the worker's set, in that of its bus_user. */
void guest_wait_init(struct guest_worker *worker);

/*
 * Waits until something comes in, or until @deadline. What the worker does not
 * want to hear of now, such as a flood of kicks, is left out. @now and
 * @deadline are monotonic, ns. Returns the places that are ready, as bits.
 */
uint32_t guest_wait(struct guest_worker *worker, uint64_t now,
		    uint64_t deadline);

#endif
