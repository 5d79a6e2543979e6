/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A number of crashes is allowed without a pause. Each one from then on is
 * followed by a pause: 1 s, 2 s, 4 s and so on, up to 30 s. A minute without a
 * crash, after the pause if there is one, resets the count.
 */
#ifndef VHOST_BUDGET_H
#define VHOST_BUDGET_H

#include <stdint.h>

/* How many are allowed that no signal from outside has caused */
#define VHOST_BUDGET_FAULTS 10

/* All zero: nothing has crashed. */
struct vhost_budget {
	uint64_t until; /* monotonic ns: ->crashes is reset then */
	unsigned int crashes;
};

/*
 * Counts a crash at @now, monotonic ns; the first @allowed have no pause.
 * Returns the pause that follows this one, ns.
 */
uint64_t vhost_budget_spend(struct vhost_budget *budget, unsigned int allowed,
			    uint64_t now);

#endif
