/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What there is to be told of the daemon at one moment: who tells it in which
 * words is in stats_log and stats_prom. For the thread that guests come and go
 * in.
 */
#ifndef STATS_VIEW_H
#define STATS_VIEW_H

#include <stdint.h>

#include "spi-daemon/guest/guest_set.h"

/* In the order of their names, numbers in names as numbers. */
struct stats_view {
	uint64_t now; /* monotonic, ns */
	const struct guest *guests[OPTIONS_MAX_GUESTS];
	enum guest_state states[OPTIONS_MAX_GUESTS]; /* of ->guests */
	unsigned int guest_count;
	const struct handle **devices;
	unsigned int device_count;
	const struct pool_bus **buses;
	unsigned int bus_count;
};

/*
 * Looks at @set, which must not change before stats_view_fini(). Returns 0 or
 * -ENOMEM, and then nothing is to be freed.
 */
int stats_view_init(struct stats_view *view, const struct guest_set *set);
void stats_view_fini(struct stats_view *view);

/* The guest's counters. */
const struct guest_stats *stats_view_counters(const struct guest *guest);

/* The bus that the guest waits for, or has; NULL: none. */
const struct pool_bus *stats_view_waits_for(const struct guest *guest);
const struct pool_bus *stats_view_has(const struct guest *guest);

/* How many guests wait for @bus. */
unsigned int stats_view_waiting(const struct stats_view *view,
				const struct pool_bus *bus);

/* For how long the guest has been waiting, and has had its bus; ns. */
uint64_t stats_view_waits_ns(const struct stats_view *view,
			     const struct guest *guest);
uint64_t stats_view_has_ns(const struct stats_view *view,
			   const struct guest *guest);

#endif
