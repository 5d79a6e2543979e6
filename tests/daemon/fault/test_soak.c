/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * All at once: a guest whose every byte is checked, two that attack, and a
 * process that is killed and upgraded at random moments. SOAK_SECONDS sets how
 * long; `make soak` does it under the sanitizers.
 */
#include <stdio.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/daemon/sleeper.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/hostile/attack.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

#define ATTACKERS 2

/* Each kind of driver, and each pair of attacks, lasts so long. */
#define ROUND_MS 1000

/* Between two kills, and between two upgrades, at most */
#define CALM_US	 500000

#define SLEEP_MS 60000

static const struct sleeper_kind kinds[] = {
	{ "split", SLEEPER_EVENTS, false },
	{ "packed", SLEEPER_PACKED | SLEEPER_EVENTS, false },
	{ "split, IOMMU", SLEEPER_EVENTS | SLEEPER_IOMMU, false },
	{ "packed, IOMMU", SLEEPER_PACKED | SLEEPER_EVENTS | SLEEPER_IOMMU,
	  false },
	{ "split, inflight", SLEEPER_EVENTS, true },
	{ "packed, inflight", SLEEPER_PACKED | SLEEPER_EVENTS, true },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct totals {
	unsigned long long requests, attacks;
	unsigned int rounds;
};

static void start_attacks(const struct rig *rig, struct attacker *attackers,
			  unsigned int round)
{
	for (unsigned int i = 0; i < ATTACKERS; i++) {
		/* So that each comes together with each other. */
		unsigned int which = i ? round + round / attack_count : round;

		assert_int_equal(
			attack_start(&attackers[i],
				     &attacks[which % attack_count],
				     daemon_socket(&rig->daemon, 1 + i), 0),
			0);
	}
}

static void run_round(struct rig *rig, struct totals *totals)
{
	const struct sleeper_kind *kind = &kinds[totals->rounds % KINDS];
	struct attacker attackers[ATTACKERS];
	struct sleeper sleeper;
	int64_t deadline;

	/* First: an attacker has a copy of what is open when it starts. */
	start_attacks(rig, attackers, totals->rounds);
	sleeper_open_front(rig, kind);
	sleeper_open(&sleeper, &rig->fronts[0], 1 + totals->rounds,
		     kind->tracked);
	sleeper.crashes = true;
	deadline = deadline_in(ROUND_MS);
	while (deadline_left(deadline))
		sleeper_run(&sleeper, sleeper.done + 20, SLEEP_MS);
	for (unsigned int i = 0; i < ATTACKERS; i++)
		totals->attacks += attack_stop(&attackers[i]);
	totals->requests += sleeper.done;
	totals->rounds++;
	sleeper_close(&sleeper);
	rig_close(rig, 0);
}

static void expect_no_report(const struct rig *rig)
{
	static const char *const words[] = { "Sanitizer", "runtime error:" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (daemon_count_log(&rig->daemon, words[i]))
			fail_msg("%s",
				 strstr(daemon_stderr(&rig->daemon), words[i]));
}

static void soak(struct rig *rig)
{
	const int64_t deadline =
		deadline_in((int)test_number("SOAK_SECONDS", 3) * 1000);
	const unsigned int fds = rig_count_fds(rig);
	struct killer *killer = killer_start(&rig->daemon, CALM_US);
	struct killer *upgrader = killer_start_upgrades(&rig->daemon, CALM_US);
	struct totals totals = { .rounds = 0 };
	unsigned int kills, upgrades;
	while (deadline_left(deadline)) {
		run_round(rig, &totals);
		expect_no_report(rig);
	}
	upgrades = killer_stop(upgrader);
	kills = killer_stop(killer);
	print_message("%u rounds, %llu requests, %llu attacks, %u kills, "
		      "%u upgrades\n",
		      totals.rounds, totals.requests, totals.attacks, kills,
		      upgrades);
	assert_int_equal(rig_count_fds(rig), fds);
	assert_int_equal(daemon_children(&rig->daemon), 1);
}

TEST_WITH(guest_is_served_in_attacks_kills_and_upgrades, struct rig *rig)
{
	need_cut_descriptors();
	soak(rig);
}

static int setup(void **state)
{
	static const char *const args[] = {
		"--device=sim:loopback,bus=a,timing=real,cs=spec,cs-hold=10000,"
		"max-message=50",
		"--device=sim:nor,size=64k,bus=a,timing=real,cs=nor,"
		"cs-hold=10000,max-message=60000",
		"--keeper",
		RIG_WITH_PACKED,
		RIG_WITH_IOMMU,
		NULL,
	};

	rig_setup_idle(state);
	daemon_start(&((struct rig *)*state)->daemon, 1 + ATTACKERS, args);
	return 0;
}

TEST_MAIN(setup, rig_teardown)
