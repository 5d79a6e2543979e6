// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * A guest with two virtual CPUs and traffic, on a busy host, whose daemon has a
 * keeper: the process that serves it is killed at random moments, also while
 * the guest boots, is reset, and is stopped and continued.
 *
 * GUEST_KILLS sets the number of kills, GUEST_SEED the order of events.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/guest/lab.h"
#include "tests/guest/load.h"
#include "tests/guest/soak.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"

#define DEFAULT_KILLS 60
#define KILLS_A_CHECK 20

#define MIN_MS	      20
#define MAX_MS	      400

static struct load load;

static int random_ms(int min, int max)
{
	return min + (int)(random() % (max - min + 1));
}

/* SIGSTOP now and then: it takes the keeper a second to find that out. */
static void kill_one(struct lab *lab)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGABRT, SIGKILL,
				       SIGSEGV, SIGABRT, SIGKILL, SIGSTOP };
	pid_t child = daemon_child(&lab->daemon);

	if (child)
		kill(child, signals[random() % 8]);
}

static void qmp(struct lab *lab, struct guest *g, const char *command)
{
	int err = guest_qmp(g, command, NULL, 0);

	if (err)
		lab_fail(lab, g, "%s: %d", command, err);
}

static void show(int kills, const struct soak *a, const struct soak *b)
{
	print_message("%d kills: %s %lu done, %lu failed; "
		      "%s %lu done, %lu failed\n",
		      kills, a->name, a->counts.done, a->counts.failed, b->name,
		      b->counts.done, b->counts.failed);
}

/* What was on the bus when it was killed fails; nothing is wrong, or hangs. */
static void kill_under_traffic(void **state, bool stops)
{
	int kills = lab_setting("GUEST_KILLS", DEFAULT_KILLS);
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct soak flash, echo;

	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x10000 1");
	soak_start(&flash, lab, g, "flash", "soakread", FLASH,
		   "0x10000 0x10000 1");
	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	load_start(&load, 2);
	for (int i = 1; i <= kills; i++) {
		process_sleep_ms(random_ms(MIN_MS, MAX_MS));
		if (stops)
			qmp(lab, g, "{\"execute\":\"stop\"}");
		kill_one(lab);
		if (stops) {
			process_sleep_ms(random_ms(0, MIN_MS));
			qmp(lab, g, "{\"execute\":\"cont\"}");
		}
		if (i % KILLS_A_CHECK == 0) {
			soak_check_progress(&flash);
			soak_check_progress(&echo);
		}
	}
	load_stop(&load);
	soak_check_progress(&flash);
	soak_check_progress(&echo);
	soak_stop(&flash);
	soak_stop(&echo);
	show(kills, &flash, &echo);
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x10000 1");
}

static void traffic_goes_on_when_the_process_is_killed(void **state)
{
	kill_under_traffic(state, false);
}

static void stopped_guest_goes_on_when_the_process_is_killed(void **state)
{
	kill_under_traffic(state, true);
}

/* A chip that did not answer while the guest booted is not there. */
static void guest_is_reset_while_the_process_is_killed(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct killer killer;

	for (int i = 0; i < 2; i++) {
		killer_start(&killer, &lab->daemon, 200000);
		assert_int_equal(guest_reboot(g), 0);
		print_message("%u kills\n", killer_stop(&killer));
	}
	assert_int_equal(guest_reboot(g), 0);
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x10000 1");
}

static int after_test(void **state)
{
	load_stop(&load);
	return lab_after_test(state);
}

static int create(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--keeper", "--keeper-timeout=1" },
		.keys = "",
		.guest.cpus = 2,
	};

	return lab_create(state, &setup);
}

static int create_packed(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--keeper", "--keeper-timeout=1",
				    "--with=ring-packed,access-platform" },
		.keys = "",
		.guest = { .cpus = 2, .iommu = "intel_iommu=on" },
	};

	return lab_create(state, &setup);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_teardown(traffic_goes_on_when_the_process_is_killed,
				  after_test),
	cmocka_unit_test_teardown(
		stopped_guest_goes_on_when_the_process_is_killed, after_test),
	cmocka_unit_test_teardown(guest_is_reset_while_the_process_is_killed,
				  after_test),
};

static const struct CMUnitTest packed_tests[] = {
	cmocka_unit_test_teardown(traffic_goes_on_when_the_process_is_killed,
				  after_test),
};

int main(void)
{
	unsigned int seed =
		(unsigned int)lab_setting("GUEST_SEED", (int)time(NULL));

	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_message("GUEST_SEED=%u\n", seed);
	srandom(seed);
	return cmocka_run_group_tests(tests, create, lab_destroy) +
	       cmocka_run_group_tests(packed_tests, create_packed, lab_destroy);
}
