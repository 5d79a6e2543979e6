// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * A guest with two virtual CPUs and traffic, on a busy host, whose daemon has a
 * keeper: the process that serves it is killed at random moments, also while
 * the guest boots, is reset, is stopped and continued, and gets memory; or it
 * is upgraded.
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

#include "tests/guest/lab.h"
#include "tests/guest/load.h"
#include "tests/guest/soak.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"

#define DEFAULT_KILLS 60
#define KILLS_A_CHECK 20

#define MIN_MS	      20
#define MAX_MS	      400

/* Parts of memory that can be plugged in, and bytes of one */
#define MEMORY_SLOTS 6
#define MEMORY_PART  (128ul << 20)

static struct load load;

/* SIGSTOP now and then: it takes the keeper a second to find that out. */
static void kill_one(struct lab *lab)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGABRT, SIGKILL,
				       SIGSEGV, SIGABRT, SIGKILL, SIGSTOP };
	pid_t child = daemon_child(&lab->daemon);

	if (child)
		kill(child, signals[random() % 8]);
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
		process_sleep_ms(lab_random_ms(MIN_MS, MAX_MS));
		if (stops)
			lab_qmp(lab, g, "{\"execute\":\"stop\"}");
		kill_one(lab);
		if (stops) {
			process_sleep_ms(lab_random_ms(0, MIN_MS));
			lab_qmp(lab, g, "{\"execute\":\"cont\"}");
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
	soak_show(kills, "kills", &flash, &echo);
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

static void check_unharmed(struct soak *s)
{
	soak_check_progress(s);
	if (s->counts.failed)
		lab_fail(s->lab, s->guest, "%s: %lu failed", s->name,
			 s->counts.failed);
}

/* The process and the keeper are replaced; nothing fails. */
static void upgrades_go_unnoticed(void **state)
{
	int upgrades = lab_setting("GUEST_KILLS", DEFAULT_KILLS) / 2;
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct soak flash, echo;

	soak_start(&flash, lab, g, "flash", "soakread", FLASH,
		   "0x10000 0x10000 1");
	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	load_start(&load, 2);
	for (int i = 1; i <= upgrades; i++) {
		kill(lab->daemon.pid, SIGUSR2);
		process_sleep_ms(lab_random_ms(MIN_MS, 3 * MAX_MS));
		if (i % KILLS_A_CHECK == 0) {
			check_unharmed(&flash);
			check_unharmed(&echo);
		}
	}
	load_stop(&load);
	check_unharmed(&flash);
	check_unharmed(&echo);
	soak_stop(&flash);
	soak_stop(&echo);
	soak_show(upgrades, "upgrades", &flash, &echo);
}

/*
 * Each part of memory that is plugged in is told to the process that serves,
 * and to the one that follows it.
 */
static void memory_is_plugged_in_while_the_process_is_killed(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct soak flash, echo;
	int kills = 0;

	soak_start(&flash, lab, g, "flash", "soakread", FLASH,
		   "0x10000 0x10000 1");
	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	for (int i = 0; i < MEMORY_SLOTS; i++) {
		char command[256];

		snprintf(command, sizeof(command),
			 "{\"execute\":\"object-add\",\"arguments\":{"
			 "\"qom-type\":\"memory-backend-memfd\","
			 "\"id\":\"part%d\",\"size\":%lu,"
			 "\"share\":true}}",
			 i, MEMORY_PART);
		lab_qmp(lab, g, command);
		kill_one(lab);
		process_sleep_ms(lab_random_ms(0, MIN_MS));
		snprintf(command, sizeof(command),
			 "{\"execute\":\"device_add\",\"arguments\":{"
			 "\"driver\":\"pc-dimm\",\"id\":\"dimm%d\","
			 "\"memdev\":\"part%d\"}}",
			 i, i);
		lab_qmp(lab, g, command);
		for (int k = 0; k < 3; k++, kills++) {
			kill_one(lab);
			process_sleep_ms(lab_random_ms(MIN_MS, MAX_MS));
		}
		soak_check_progress(&flash);
		soak_check_progress(&echo);
	}
	soak_stop(&flash);
	soak_stop(&echo);
	soak_show(kills, "kills", &flash, &echo);
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x10000 1");
}

/* A chip that did not answer while the guest booted is not there. */
static void guest_is_reset_while_the_process_is_killed(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct killer *killer;

	for (int i = 0; i < 2; i++) {
		killer = killer_start(&lab->daemon, 200000);
		assert_int_equal(guest_reboot(g), 0);
		print_message("%u kills\n", killer_stop(killer));
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
	static const char *const slots[] = { "-m", "slots=6,maxmem=2G", NULL };
	static const struct lab_setup setup = {
		.daemon_options = { "--keeper", "--keeper-timeout=1" },
		.keys = "",
		.guest = { .cpus = 2, .extra_args = slots },
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
	cmocka_unit_test_teardown(upgrades_go_unnoticed, after_test),
	cmocka_unit_test_teardown(
		memory_is_plugged_in_while_the_process_is_killed, after_test),
	cmocka_unit_test_teardown(guest_is_reset_while_the_process_is_killed,
				  after_test),
};

static const struct CMUnitTest packed_tests[] = {
	cmocka_unit_test_teardown(traffic_goes_on_when_the_process_is_killed,
				  after_test),
};

int main(void)
{
	lab_begin_random();
	return cmocka_run_group_tests(tests, create, lab_destroy) +
	       cmocka_run_group_tests(packed_tests, create_packed, lab_destroy);
}
