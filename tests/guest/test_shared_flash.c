// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Guests that share one flash, with cs=nor and the defaults of all else.
 *
 * GUEST_SHARERS sets the number of guests, 2 to 4, GUEST_WRITES the blocks of
 * 4 KiB that each writes, GUEST_SECONDS how long they read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/guest/lab.h"
#include "tests/guest/load.h"
#include "tests/guest/soak.h"
#include "tests/lib/process.h"

#define DEFAULT_WRITES	30
#define DEFAULT_SECONDS 10

/* Each guest has a part of the flash. */
#define PART 0x100000

static struct load load;

static int sharers(void)
{
	int count = lab_setting("GUEST_SHARERS", 2);

	return count < 2 || count > LAB_GUESTS ? 2 : count;
}

/* Starts in each guest, at its part, "guest-spi @command @device ...". */
static void start_all(struct lab *lab, struct soak *s, const char *command,
		      const char *last_args)
{
	for (int i = 0; i < sharers(); i++) {
		char args[128];

		snprintf(args, sizeof(args), "%#x %s", i * PART, last_args);
		soak_start(&s[i], lab, lab->guests[i], "flash", command, FLASH,
			   args);
	}
}

static void show(struct soak *s, const char *what, int64_t began)
{
	print_message("%.1f s:", (double)(process_now_ms() - began) / 1000);
	for (int i = 0; i < sharers(); i++) {
		soak_read(&s[i]);
		print_message(" guest %d: %lu %s done, %lu failed;", i,
			      s[i].counts.done, what, s[i].counts.failed);
	}
	print_message("\n");
}

static void check_failed(const struct soak *s)
{
	for (int i = 0; i < sharers(); i++)
		if (s[i].counts.failed)
			lab_fail(s[i].lab, s[i].guest, "guest %d: %lu failed",
				 i, s[i].counts.failed);
}

static struct lab *boot_all(void **state)
{
	struct lab *lab = lab_open(state);

	for (int i = 1; i < sharers(); i++)
		lab_boot(lab, (unsigned int)i);
	return lab;
}

static void bytes_are_right_when_guests_write_one_flash(void **state)
{
	struct lab *lab = boot_all(state);
	struct soak s[LAB_GUESTS];
	int64_t began = process_now_ms();
	char args[64];

	/* A block is read twice: when it was written, and at the end. */
	snprintf(args, sizeof(args), "%#x %d", PART,
		 lab_setting("GUEST_WRITES", DEFAULT_WRITES));
	start_all(lab, s, "soakwrite", args);
	for (int i = 0; i < sharers(); i++) {
		soak_wait(&s[i], LONG_S);
		show(s, "writes and reads", began);
	}
	check_failed(s);
}

static void no_read_fails_when_guests_read_under_load(void **state)
{
	int64_t until = lab_setting("GUEST_SECONDS", DEFAULT_SECONDS) * 1000;
	struct lab *lab = boot_all(state);
	struct soak s[LAB_GUESTS];
	int64_t began;

	for (int i = 0; i < sharers(); i++)
		lab_run(lab, lab->guests[i], LONG_S,
			"guest-spi mtd " FLASH " %#x 0x10000 1", i * PART);
	load_start(&load, 3);
	began = process_now_ms();
	start_all(lab, s, "soakread", "0x10000 1");
	while (process_now_ms() - began < until) {
		process_sleep_ms(1000);
		for (int i = 0; i < sharers(); i++)
			soak_check_progress(&s[i]);
	}
	for (int i = 0; i < sharers(); i++)
		soak_stop(&s[i]);
	show(s, "reads", began);
	check_failed(s);
}

static int after_test(void **state)
{
	load_stop(&load);
	return lab_after_test(state);
}

static int create_instant(void **state)
{
	static const struct lab_setup setup = {
		.keys = "",
		.chips = "0:spi-nor",
		.guest.cpus = 2,
	};

	return lab_create(state, &setup);
}

/* Erasing, programming and the clock take their time. */
static int create_real(void **state)
{
	static const struct lab_setup setup = {
		.keys = ",timing=real",
		.chips = "0:spi-nor",
		.guest.cpus = 2,
	};

	return lab_create(state, &setup);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_teardown(bytes_are_right_when_guests_write_one_flash,
				  after_test),
	cmocka_unit_test_teardown(no_read_fails_when_guests_read_under_load,
				  after_test),
};

int main(void)
{
	/* Progress is shown as it is made, also into a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	return cmocka_run_group_tests(tests, create_instant, lab_destroy) +
	       cmocka_run_group_tests(tests, create_real, lab_destroy);
}
