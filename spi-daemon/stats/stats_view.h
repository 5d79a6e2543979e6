/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The guests, devices and buses of the daemon at one moment, for stats_log and
 * stats_prom. Only the thread that adds and removes guests may use it.
 */
#ifndef STATS_VIEW_H
#define STATS_VIEW_H

#include <stdint.h>

#include "spi-daemon/guest/guest_set.h"
#include "vhost/keeper/link.h"

/* Each array is sorted by name, with numbers in names compared as numbers. */
struct stats_view {
	uint64_t now; /* monotonic, ns */
	const struct guest *guests[OPTIONS_MAX_GUESTS];
	enum guest_state states[OPTIONS_MAX_GUESTS]; /* of guests[i] */
	unsigned int guest_count;
	const struct handle **devices;
	unsigned int device_count;
	const struct pool_bus **buses;
	unsigned int bus_count;
	const struct keeper_history *history; /* the keeper's; NULL: none */
};

/*
 * Fills @view from @set, which must not change before stats_view_fini(), and
 * without a ->history. Returns 0, or -ENOMEM; stats_view_fini() is not needed
 * then.
 */
int stats_view_init(struct stats_view *view, const struct guest_set *set);
void stats_view_fini(struct stats_view *view);

/* Returns the counters of the guest. */
const struct guest_stats *stats_view_counters(const struct guest *guest);

/* Return the bus that the guest waits for, or has; NULL if there is none. */
const struct pool_bus *stats_view_waits_for(const struct guest *guest);
const struct pool_bus *stats_view_has(const struct guest *guest);

/* Returns the number of guests that wait for @bus. */
unsigned int stats_view_waiting(const struct stats_view *view,
				const struct pool_bus *bus);

/*
 * Return how long the guest has been waiting for its bus, or has had it, in ns;
 * 0 if it does not.
 */
uint64_t stats_view_waits_ns(const struct stats_view *view,
			     const struct guest *guest);
uint64_t stats_view_has_ns(const struct stats_view *view,
			   const struct guest *guest);

#endif
