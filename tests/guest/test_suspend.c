// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Guests that sleep and wake up: with Linux's driver as it is, and with the
 * patches of docs/linux-patches.
 *
 * GUEST_SUSPENDS sets how often a patched guest is suspended in each test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/guest/lab.h"
#include "tests/guest/soak.h"
#include "tests/guest/suspend.h"
#include "tests/lib/process.h"

#define DEFAULT_SUSPENDS 3

#define HINT_MS		 20000

#define NO_SETUP	 "ring 0 is enabled without set-up; "

static int suspends(void)
{
	return lab_setting("GUEST_SUSPENDS", DEFAULT_SUSPENDS);
}

static void check_sleep(struct lab *lab, struct guest *g, int err)
{
	if (err)
		lab_fail(lab, g, "the guest did not sleep and wake up: %d",
			 err);
}

static void write_flash(struct lab *lab, struct guest *g)
{
	lab_run(lab, g, LONG_S, "guest-spi mtd " FLASH " 0x10000 0x4000 1");
}

static void use_chips(struct lab *lab, struct guest *g, int seed)
{
	lab_run(lab, g, LONG_S,
		"guest-spi mtdcheck " FLASH " 0x10000 0x4000 1 && "
		"guest-spi mtd " FLASH " 0x20000 0x1000 %d && "
		"guest-spi duplex " ECHO " 20000 %d",
		seed, seed);
}

static void patched_guest_works_when_suspended(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	write_flash(lab, g);
	for (int i = 0; i < suspends(); i++) {
		check_sleep(lab, g, suspend_to_idle(g));
		use_chips(lab, g, i);
	}
}

static void patched_guest_works_when_hibernation_is_tested(void **state)
{
	static const char *const levels[] = { "devices", "platform", "core" };
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	write_flash(lab, g);
	for (int i = 0; i < 3; i++) {
		check_sleep(lab, g, suspend_test_hibernation(g, levels[i]));
		use_chips(lab, g, i);
	}
}

static void traffic_goes_on_when_a_patched_guest_is_suspended(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];
	struct soak flash, echo;

	write_flash(lab, g);
	soak_start(&flash, lab, g, "flash", "soakread", FLASH,
		   "0x10000 0x4000 1");
	soak_start(&echo, lab, g, "echo", "soakecho", ECHO, "5000");
	for (int i = 0; i < suspends(); i++) {
		check_sleep(lab, g, suspend_to_idle(g));
		soak_check_progress(&flash);
		soak_check_progress(&echo);
	}
	soak_stop(&flash);
	soak_stop(&echo);
	assert_int_equal(flash.counts.failed + echo.counts.failed, 0);
}

static void stock_guest_works_when_unbound_while_it_sleeps(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	write_flash(lab, g);
	lab_unbind(lab, g);
	check_sleep(lab, g, suspend_to_idle(g));
	lab_bind(lab, g);
	use_chips(lab, g, 1);
}

/* Waits for the daemon's line about guest @index, and checks it. */
static void check_hint(struct lab *lab, struct guest *g, int index)
{
	int64_t deadline = process_now_ms() + HINT_MS;
	const char *line;
	char text[128];

	snprintf(text, sizeof(text), "guest %d: " NO_SETUP, index);
	while (!(line = strstr(daemon_stderr(&lab->daemon), text))) {
		if (process_now_ms() > deadline)
			lab_fail(lab, g, "the daemon told nothing");
		process_sleep_ms(50);
	}
	assert_non_null(strstr(line, "see docs/guest-linux.md\n"));
}

/* A guest without a flash, whose driver would use it while it resumes */
static void stock_guest_works_again_when_bound_after_a_sleep(void **state)
{
	struct lab *lab = lab_open(state);
	struct guest *g = lab_boot(lab, 1);

	lab_run(lab, g, SHORT_S, "guest-spi duplex " ECHO " 5000 1");
	assert_null(strstr(daemon_stderr(&lab->daemon), NO_SETUP));
	check_sleep(lab, g, suspend_to_idle(g));
	check_hint(lab, g, 1);
	lab_rebind(lab, g);
	lab_run(lab, g, SHORT_S, "guest-spi duplex " ECHO " 5000 2");
}

/* Nothing that the guest left behind disturbs its next start. */
static void stock_guest_works_again_when_reset_after_a_sleep(void **state)
{
	static const char reset[] = "{\"execute\":\"system_reset\"}";
	struct lab *lab = lab_open(state);
	struct guest *g = lab->guests[0];

	write_flash(lab, g);
	check_sleep(lab, g, suspend_without_waiting(g));
	check_hint(lab, g, 0);
	assert_int_equal(guest_qmp(g, reset, NULL, 0), 0);
	assert_int_equal(guest_wait(g), 0);
	use_chips(lab, g, 1);
}

static int create_patched(void **state)
{
	static const struct lab_setup setup = {
		.daemon_options = { "--with=ring-packed,indirect-desc" },
		.guest.cpus = 2,
		.guest.patched = true,
	};

	return lab_create(state, &setup);
}

/* The driver of the flash does not read the id again when it wakes up. */
static int create_auto(void **state)
{
	static const struct lab_setup setup = {
		.framing = "auto",
		.guest.patched = true,
	};

	return lab_create(state, &setup);
}

static int create_stock(void **state)
{
	static const struct lab_setup setup = { .keys = NULL };

	return lab_create(state, &setup);
}

static const struct CMUnitTest patched_tests[] = {
	lab_test(patched_guest_works_when_suspended),
	lab_test(patched_guest_works_when_hibernation_is_tested),
	lab_test(traffic_goes_on_when_a_patched_guest_is_suspended),
};

static const struct CMUnitTest auto_tests[] = {
	lab_test(patched_guest_works_when_suspended),
};

static const struct CMUnitTest stock_tests[] = {
	lab_test(stock_guest_works_when_unbound_while_it_sleeps),
	lab_test(stock_guest_works_again_when_bound_after_a_sleep),
	lab_test(stock_guest_works_again_when_reset_after_a_sleep),
};

int main(void)
{
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(patched_tests, create_patched,
				      lab_destroy) +
	       cmocka_run_group_tests(auto_tests, create_auto, lab_destroy) +
	       cmocka_run_group_tests(stock_tests, create_stock, lab_destroy);
}
