/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The process that serves is killed at random moments, whatever its front end
 * does meanwhile: set-up, requests, exchanges, tear-down. Environment:
 *
 *	STORM_REQUESTS	how many are done in each row; 400
 *	STORM_SESSIONS	front ends that come and go; 40
 */
#include <stdio.h>

#include "tests/lib/keeper/killer.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/daemon/sleeper.h"
#include "tests/lib/test.h"

/* Between two kills, at most */
#define CALM_US	   20000

#define TIMEOUT_MS 60000

static const struct sleeper_kind rows[] = {
	{ "split", 0, false },
	{ "packed", SLEEPER_PACKED, false },
	{ "split, EVENT_IDX", SLEEPER_EVENTS, false },
	{ "packed, EVENT_IDX", SLEEPER_PACKED | SLEEPER_EVENTS, false },
	{ "split, IOMMU", SLEEPER_EVENTS | SLEEPER_IOMMU, false },
	{ "packed, IOMMU", SLEEPER_PACKED | SLEEPER_EVENTS | SLEEPER_IOMMU,
	  false },
	{ "split, inflight", SLEEPER_EVENTS, true },
	{ "packed, inflight", SLEEPER_PACKED | SLEEPER_EVENTS, true },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Serves STORM_REQUESTS in each row, while the process is killed or upgraded.
 */
static void run_rows(struct rig *rig, uint64_t seed, bool kills, bool upgrades)
{
	uint64_t count = test_number("STORM_REQUESTS", 400);

	for (unsigned int i = 0; i < ROWS; i++) {
		struct killer killer = { .kills = 0 }, upgrader;
		struct sleeper sleeper;

		sleeper_open_front(rig, &rows[i]);
		sleeper_open(&sleeper, &rig->fronts[0], seed + i,
			     rows[i].tracked);
		sleeper.crashes = kills;
		if (kills)
			killer_start(&killer, &rig->daemon, CALM_US);
		if (upgrades)
			killer_start_upgrades(&upgrader, &rig->daemon, CALM_US);
		sleeper_run(&sleeper, count, TIMEOUT_MS);
		if (upgrades)
			killer_stop(&upgrader);
		if (kills)
			killer_stop(&killer);
		print_message("%s: %u kills, %llu exchanges\n", rows[i].name,
			      killer.kills,
			      (unsigned long long)sleeper.exchanges);
		sleeper_close(&sleeper);
		rig_close(rig, 0);
	}
}

static void driver_never_sleeps_for_ever(void **state)
{
	run_rows(*state, 0x5eed, true, false);
}

/* No request fails: each is finished by the process that began it. */
static void no_request_fails_in_upgrades(void **state)
{
	run_rows(*state, 0x5eed, false, true);
}

/* The process is killed whatever an upgrade is doing. */
static void driver_never_sleeps_for_ever_in_upgrades(void **state)
{
	run_rows(*state, 0xbeef, true, true);
}

static void every_session_is_served(void **state)
{
	uint64_t count = test_number("STORM_SESSIONS", 40);
	struct rig *rig = *state;
	unsigned int before = rig_count_fds(rig);
	struct killer killer;

	killer_start(&killer, &rig->daemon, CALM_US);
	for (uint64_t i = 0; i < count; i++) {
		sleeper_open_front(rig, &rows[i % ROWS]);
		rig_check_control(&rig->fronts[0]);
		rig_close(rig, 0);
	}
	print_message("%u kills\n", killer_stop(&killer));
	assert_int_equal(rig_count_fds(rig), before);
}

int main(void)
{
	static const char *const args[] = { "--device=sim:loopback", "--keeper",
					    RIG_WITH_PACKED, RIG_WITH_IOMMU,
					    NULL };
	const struct CMUnitTest tests[] = {
		RIG_TEST_ARGS(driver_never_sleeps_for_ever_in_upgrades, args),
		RIG_TEST_ARGS(no_request_fails_in_upgrades, args),
		RIG_TEST_ARGS(driver_never_sleeps_for_ever, args),
		RIG_TEST_ARGS(every_session_is_served, args),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
