/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/part/budget.h"

#include "tests/lib/test.h"

#define S 1000000000ull

static uint64_t now;

/* Spends it, and waits for the pause that follows. Returns that in s. */
static unsigned int crash(struct vhost_budget *budget, unsigned int allowed)
{
	const uint64_t pause = vhost_budget_spend(budget, allowed, now);

	now += pause;
	assert_int_equal(pause % S, 0);
	return (unsigned int)(pause / S);
}

static void expect_pauses(struct vhost_budget *budget, unsigned int allowed)
{
	static const unsigned int pauses[] = { 1, 2, 4, 8, 16, 30, 30 };

	for (unsigned int i = 0; i < allowed; i++) {
		assert_int_equal(crash(budget, allowed), 0);
		now += 59 * S;
	}
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_int_equal(crash(budget, allowed), pauses[i]);
		now += 59 * S;
	}
}

static void crashes_beyond_the_budget_bring_pauses(void **state)
{
	struct vhost_budget budget = { 0 };

	(void)state;
	expect_pauses(&budget, VHOST_BUDGET_FAULTS);
	now += S;
	/* A minute has passed. */
	expect_pauses(&budget, 0);
	assert_int_equal(crash(&budget, 6), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crashes_beyond_the_budget_bring_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
