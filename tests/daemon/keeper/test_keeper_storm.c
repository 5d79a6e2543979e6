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
#define CALM_US 20000

/* In each row, at least, however fast it is */
#define KILLS_MIN  5

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

/* The process has been killed often enough, or was upgraded from @first. */
static bool is_over(const struct rig *rig, const struct killer *killer,
		    pid_t first)
{
	return killer ? killer->kills >= KILLS_MIN
		      : daemon_child(&rig->daemon) != first;
}

/*
 * Serves STORM_REQUESTS in each row, and more until the storm is over, while
 * the process is killed or upgraded.
 */
static void run_rows(struct rig *rig, uint64_t seed, bool kills, bool upgrades)
{
	uint64_t count = test_number("STORM_REQUESTS", 400);

	for (unsigned int i = 0; i < ROWS; i++) {
		struct killer *killer = NULL, *upgrader = NULL;
		const pid_t first = daemon_child(&rig->daemon);
		struct sleeper sleeper;

		sleeper_open_front(rig, &rows[i]);
		sleeper_open(&sleeper, &rig->fronts[0], seed + i,
			     rows[i].tracked);
		sleeper.crashes = kills;
		if (kills)
			killer = killer_start(&rig->daemon, CALM_US);
		if (upgrades)
			upgrader = killer_start_upgrades(&rig->daemon, CALM_US);
		do
			sleeper_run(&sleeper, sleeper.done + count, TIMEOUT_MS);
		while (!is_over(rig, killer, first));
		killer_stop(upgrader);
		print_message("%s: %u kills, %llu exchanges\n", rows[i].name,
			      killer_stop(killer),
			      (unsigned long long)sleeper.exchanges);
		sleeper_close(&sleeper);
		rig_close(rig, 0);
	}
}

TEST_WITH(driver_never_sleeps_for_ever, struct rig *rig)
{
	run_rows(rig, 0x5eed, true, false);
}

/* No request fails: each is finished by the process that began it. */
TEST_WITH(no_request_fails_in_upgrades, struct rig *rig)
{
	run_rows(rig, 0x5eed, false, true);
}

/* The process is killed whatever an upgrade is doing. */
TEST_WITH(driver_never_sleeps_for_ever_in_upgrades, struct rig *rig)
{
	run_rows(rig, 0xbeef, true, true);
}

TEST_WITH(every_session_is_served, struct rig *rig)
{
	uint64_t count = test_number("STORM_SESSIONS", 40);
	unsigned int before = rig_count_fds(rig);
	struct killer *killer = killer_start(&rig->daemon, CALM_US);

	for (uint64_t i = 0; i < count; i++) {
		sleeper_open_front(rig, &rows[i % ROWS]);
		rig_check_control(&rig->fronts[0]);
		rig_close(rig, 0);
	}
	print_message("%u kills\n", killer_stop(killer));
	assert_int_equal(rig_count_fds(rig), before);
}

static int setup(void **state)
{
	static const char *const args[] = {
		"--device=sim:loopback", "--keeper",	 KILLER_TIMEOUT,
		RIG_WITH_PACKED,	 RIG_WITH_IOMMU, NULL
	};

	*state = (void *)(uintptr_t)args;
	return rig_setup(state);
}

TEST_MAIN(setup, rig_teardown)
