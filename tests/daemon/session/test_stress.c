/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * No driver sleeps for ever, whatever is exchanged under its ring. Environment:
 *
 *	STRESS_REQUESTS	how many are done, of all rows together; 100000
 *	STRESS_SEED	where the random numbers begin
 *	STRESS_TIMEOUT	seconds until a driver that sleeps is given up; 60
 *
 * No time is judged but that one, which is far beyond what anything takes.
 */
#include <stdio.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/daemon/sleeper.h"
#include "tests/lib/test.h"

static const struct sleeper_kind rows[] = {
	{ "split", 0, false },
	{ "split, EVENT_IDX", SLEEPER_EVENTS, false },
	{ "split, IN_ORDER", SLEEPER_IN_ORDER, false },
	{ "split, EVENT_IDX, IN_ORDER", SLEEPER_EVENTS | SLEEPER_IN_ORDER,
	  false },
	{ "packed", SLEEPER_PACKED, false },
	{ "packed, EVENT_IDX", SLEEPER_PACKED | SLEEPER_EVENTS, false },
	{ "packed, IN_ORDER", SLEEPER_PACKED | SLEEPER_IN_ORDER, false },
	{ "packed, EVENT_IDX, IN_ORDER",
	  SLEEPER_PACKED | SLEEPER_EVENTS | SLEEPER_IN_ORDER, false },
	{ "split, EVENT_IDX, IOMMU", SLEEPER_EVENTS | SLEEPER_IOMMU, false },
	{ "packed, EVENT_IDX, IOMMU",
	  SLEEPER_PACKED | SLEEPER_EVENTS | SLEEPER_IOMMU, false },
	{ "split, EVENT_IDX, inflight", SLEEPER_EVENTS, true },
	{ "packed, EVENT_IDX, inflight", SLEEPER_PACKED | SLEEPER_EVENTS,
	  true },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void driver_that_sleeps_is_always_woken(void **state)
{
	uint64_t count = test_number("STRESS_REQUESTS", 100000) / ROWS;
	uint64_t seed = test_number("STRESS_SEED", 0x5eed);
	int timeout_ms = (int)test_number("STRESS_TIMEOUT", 60) * 1000;
	struct rig *rig = *state;
	struct sleeper sleeper;

	for (unsigned int i = 0; i < ROWS; i++) {
		print_message("%s: %llu requests, seed %llu\n", rows[i].name,
			      (unsigned long long)count,
			      (unsigned long long)seed + i);
		sleeper_open_front(rig, &rows[i]);
		sleeper_open(&sleeper, &rig->fronts[0], seed + i,
			     rows[i].tracked);
		sleeper_run(&sleeper, count, timeout_ms);
		print_message("%s: %llu exchanges, %llu sleeps\n", rows[i].name,
			      (unsigned long long)sleeper.exchanges,
			      (unsigned long long)sleeper.sleeps);
		assert_true(sleeper.exchanges > count / 50);
		sleeper_close(&sleeper);
		rig_close(rig, 0);
	}
}

int main(void)
{
	static const char *const args[] = { "--device=sim:loopback",
					    RIG_WITH_PACKED, RIG_WITH_IOMMU,
					    NULL };
	const struct CMUnitTest tests[] = {
		RIG_TEST_ARGS(driver_that_sleeps_is_always_woken, args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
