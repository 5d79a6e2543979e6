/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/part/budget.h"

#define S	  1000000000ull
#define PAUSE_MAX (30 * S)
#define FORGIVEN  (60 * S)

uint64_t vhost_budget_spend(struct vhost_budget *budget, unsigned int allowed,
			    uint64_t now)
{
	uint64_t pause = 0;

	if (now >= budget->until)
		budget->crashes = 0;
	budget->crashes++;
	if (budget->crashes > allowed + 5)
		pause = PAUSE_MAX;
	else if (budget->crashes > allowed)
		pause = S << (budget->crashes - allowed - 1);
	budget->until = now + pause + FORGIVEN;
	return pause;
}
