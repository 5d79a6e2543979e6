/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What crashes are allowed before each is followed by a pause: ten, none of
 * which came more than a minute after the one before. The pauses are 1 s, 2 s
 * and so on, up to 30 s. A minute without a crash, or pause, ends that.
 */
#ifndef VHOST_BUDGET_H
#define VHOST_BUDGET_H

#include <stdint.h>

/* All zero: nothing has crashed. */
struct vhost_budget {
	uint64_t until; /* monotonic ns: then it is forgiven */
	unsigned int crashes;
};

/* Something crashes @now, monotonic ns. Returns the pause that follows, ns. */
uint64_t vhost_budget_spend(struct vhost_budget *budget, uint64_t now);

#endif
