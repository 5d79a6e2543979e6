/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * So many crashes are allowed, none of which comes more than a minute after the
 * one before, until each is followed by a pause: 1 s, 2 s and so on, up to 30
 * s. A minute without a crash, after the pause, ends that.
 */
#ifndef VHOST_BUDGET_H
#define VHOST_BUDGET_H

#include <stdint.h>

/* For crashes that are somebody's own fault */
#define VHOST_BUDGET_FAULTS 10

/* All zero: nothing has crashed. */
struct vhost_budget {
	uint64_t until; /* monotonic ns: then it is forgiven */
	unsigned int crashes;
};

/*
 * Something crashes @now, monotonic ns, of which @allowed are. Returns the
 * pause that follows, ns.
 */
uint64_t vhost_budget_spend(struct vhost_budget *budget, unsigned int allowed,
			    uint64_t now);

#endif
