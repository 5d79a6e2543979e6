/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One guest is served, byte for byte, while two others do one hostile thing
 * after the other, with the same chips on the same bus; and afterwards the
 * daemon has no more descriptors, threads or memory than before.
 *
 * The bus is simulated, at the pace of its clock. What the latencies are is
 * for `make bench-fairness` to say; here they only show that nobody starved.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/host/emulator.h"
#include "tests/lib/hostile/attack.h"
#include "tests/lib/process.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/steady.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

/* Guests, by their sockets */
#define VICTIM	  1
#define ATTACKERS 2
static const unsigned int attacker_sockets[ATTACKERS] = { 0, 2 };

/* Each attack lasts so long, and until so much was done. */
#define ATTACK_MS	250
#define LEAST_EXCHANGES 20

/*
 * Twice max-message for each attacker, and what a busy machine takes. Without
 * that limit some of the attacks would take minutes.
 */
#define WORST_LATENCY_MS 10000

/* Some lines for each attacker and second */
#define MAX_LOG_BYTES 32768

/* Sanitizers keep what was freed; they look for leaks in their own way. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPARE_KB (ULONG_MAX / 2)
#else
#define SPARE_KB 1024ul
#endif

static const char *const args[] = {
	"--device=sim:loopback,bus=a,timing=real,cs=spec,cs-hold=10000,"
	"max-message=50",
	"--device=sim:nor,size=64k,bus=a,timing=real,cs=nor,cs-hold=10000,"
	"max-message=60000",
	RIG_WITH_PACKED, /* for rings of garbage */
	NULL,
};

struct resources {
	unsigned int fds, threads;
	unsigned long memory_kb;
	pid_t serving;
};

static struct resources resources_of(const struct rig *rig)
{
	return (struct resources){
		.fds = daemon_fds(&rig->daemon),
		.threads = daemon_threads(&rig->daemon),
		.memory_kb = daemon_memory_kb(&rig->daemon),
		.serving = daemon_serving(&rig->daemon),
	};
}

/* The attackers' guests are served as ever. */
static void check_attackers_guests(struct rig *rig)
{
	for (unsigned int i = 0; i < ATTACKERS; i++) {
		unsigned int slot = attacker_sockets[i];

		rig_check_loopback(rig_open(rig, slot), 100);
		rig_close(rig, slot);
	}
}

static void check_resources(struct rig *rig, const struct resources *before)
{
	struct resources now;

	daemon_expect_fds(&rig->daemon, before->fds);
	now = resources_of(rig);
	assert_int_equal(now.threads, before->threads);
	/* No keeper had to replace it. */
	assert_int_equal(now.serving, before->serving);
	assert_in_range(now.memory_kb, 0, before->memory_kb + SPARE_KB);
}

/* Once all have been served, that is all that it needs. */
static struct resources resources_in_use(struct rig *rig)
{
	unsigned int fds = daemon_fds(&rig->daemon);

	check_attackers_guests(rig);
	daemon_expect_fds(&rig->daemon, fds);
	return resources_of(rig);
}

/* So that the daemon can have @spare descriptors more than it has. */
static void limit_descriptors(const struct rig *rig, unsigned int spare)
{
	pid_t pid = daemon_serving(&rig->daemon);
	unsigned int free = 0;
	struct rlimit limit;
	char path[64];

	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = 0;
	/* The limit is on the number of a descriptor. */
	for (; free <= spare; limit.rlim_cur++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%u", (int)pid,
			 (unsigned int)limit.rlim_cur);
		free += access(path, F_OK) != 0;
	}
	limit.rlim_cur--;
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

static void start_attacks(struct rig *rig, const struct attack *attack,
			  struct attacker *attackers)
{
	for (unsigned int i = 0; i < ATTACKERS; i++) {
		char path[DAEMON_PATH_MAX + 12];

		snprintf(path, sizeof(path), "%s",
			 daemon_socket(&rig->daemon, attacker_sockets[i]));
		assert_int_equal(attack_start(&attackers[i], attack, path, 0),
				 0);
	}
}

/* Until they have begun; the victim is served all the time. */
static void wait_attacks(struct attacker *attackers, struct steady *victim)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	for (unsigned int i = 0; i < ATTACKERS; i++) {
		while (!attack_rounds(&attackers[i])) {
			if (steady_exchange(victim))
				fail_msg("%s", victim->error);
			if (!deadline_left(deadline))
				fail_msg("the attack has not begun");
		}
	}
}

/* Returns how often they did it. */
static unsigned long stop_attacks(struct attacker *attackers)
{
	unsigned long rounds = 0;

	for (unsigned int i = 0; i < ATTACKERS; i++) {
		bool lasted = process_is_running(attackers[i].pid);

		rounds += attack_stop(&attackers[i]);
		assert_true(lasted);
	}
	return rounds;
}

/* Nobody fills the operator's disk. */
static void check_log(const struct rig *rig)
{
	struct stat st;

	assert_int_equal(stat(daemon_file(&rig->daemon, "stderr"), &st), 0);
	assert_in_range(st.st_size, 0, MAX_LOG_BYTES);
}

static void check_latency(const struct attack *attack, unsigned long rounds,
			  struct steady *victim)
{
	uint64_t worst = latency_percentile(&victim->latency, 100);

	print_message("%s, %lu times; meanwhile %lu exchanges, median %.2f ms, "
		      "worst %.2f ms\n",
		      attack->what, rounds, victim->done,
		      (double)latency_percentile(&victim->latency, 50) / 1e6,
		      (double)worst / 1e6);
	assert_true(worst < WORST_LATENCY_MS * UINT64_C(1000000));
}

struct isolation {
	struct rig *rig;
	const struct attack *attack;
};

static int setup(void **state)
{
	struct isolation *t = calloc(1, sizeof(*t));
	void *rig;

	assert_non_null(t);
	t->attack = *state;
	rig_setup_idle(&rig);
	t->rig = rig;
	daemon_start(&t->rig->daemon, ATTACKERS + 1, args);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct isolation *t = *state;
	void *rig = t->rig;

	free(t);
	return rig_teardown(&rig);
}

/* Skips attacks that harm an emulator. */
static void need_what(const struct attack *attack)
{
	if (attack == attack_find("memory_cut_short") ||
	    attack == attack_find("ring_cut_short"))
		need_fault_address();
	if (attack == attack_find("hostile_messages") ||
	    attack == attack_find("hoarded_descriptors"))
		need_cut_descriptors();
}

/* A name of the table in attack.c */
static void attack_harms_nobody_else(void **state)
{
	const struct isolation *t = *state;
	struct rig *rig = t->rig;
	struct attacker attackers[ATTACKERS];
	struct resources before;
	struct steady victim;
	unsigned long rounds;

	need_what(t->attack);
	if (steady_begin(&victim, rig_open(rig, VICTIM)))
		fail_msg("%s", victim.error);
	before = resources_in_use(rig);

	start_attacks(rig, t->attack, attackers);
	wait_attacks(attackers, &victim);
	if (steady_run(&victim, ATTACK_MS, LEAST_EXCHANGES))
		fail_msg("%s", victim.error);
	rounds = stop_attacks(attackers);

	if (steady_run(&victim, 1, LEAST_EXCHANGES))
		fail_msg("%s", victim.error);
	check_attackers_guests(rig);
	check_resources(rig, &before);
	check_log(rig);
	check_latency(t->attack, rounds, &victim);
	latency_clear(&victim.latency);
}

/* Two sessions, and little more */
static void few_descriptors_left_harm_nobody_else(void **state)
{
	const struct isolation *t = *state;

	limit_descriptors(t->rig, 30);
	attack_harms_nobody_else(state);
}

/* No front end can come, until there are descriptors again. */
static void no_descriptors_left_harm_nobody_else(void **state)
{
	const struct isolation *t = *state;
	struct rig *rig = t->rig;
	struct attacker attackers[ATTACKERS];
	struct steady victim;

	if (steady_begin(&victim, rig_open(rig, VICTIM)))
		fail_msg("%s", victim.error);
	limit_descriptors(rig, 0);
	start_attacks(rig, t->attack, attackers);
	if (steady_run(&victim, ATTACK_MS, LEAST_EXCHANGES))
		fail_msg("%s", victim.error);
	for (unsigned int i = 0; i < ATTACKERS; i++)
		assert_int_equal(attack_rounds(&attackers[i]), 0);
	limit_descriptors(rig, 100);
	wait_attacks(attackers, &victim);
	stop_attacks(attackers);
	latency_clear(&victim.latency);
}

#define FIXTURE_TEST(n, test, attack)                                  \
	(struct CMUnitTest)                                            \
	{                                                              \
		.name = (n), .test_func = (test), .setup_func = setup, \
		.teardown_func = teardown,                             \
		.initial_state = (void *)(uintptr_t)(attack),          \
	}

int main(void)
{
	const unsigned int count = attack_count + 2;
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (unsigned int i = 0; i < attack_count; i++)
		tests[i] = FIXTURE_TEST(attacks[i].name,
					attack_harms_nobody_else, &attacks[i]);
	tests[attack_count] = FIXTURE_TEST(
		"few_descriptors_left", few_descriptors_left_harm_nobody_else,
		attack_find("hoarded_descriptors"));
	tests[attack_count + 1] = FIXTURE_TEST(
		"no_descriptors_left", no_descriptors_left_harm_nobody_else,
		attack_find("reconnects"));
	failed = _cmocka_run_group_tests("attacks", tests, count, NULL, NULL);
	free(tests);
	return failed;
}
