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

#include <limits.h>
#include <stdio.h>

#include "tests/guest/lab.h"
#include "tests/guest/load.h"
#include "tests/guest/soak.h"
#include "tests/lib/process.h"
#include "tests/lib/trace/sigrok.h"
#include "tests/lib/skip.h"

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

/* Of the trace */
#define WRITTEN 600
#define CHECKED 16
#define AT_0	0x300000 /* guest 0's bytes */
#define AT_1	0x412000 /* guest 1's */

/* While guest 1 writes its bytes, guest 0 reads its own. */
static void write_in_turn(struct lab *lab)
{
	lab_run(lab, lab->guests[0], SHORT_S,
		"guest-spi mtd " FLASH " %#x %d 7; touch /run/on", AT_0,
		WRITTEN);
	lab_run(lab, lab->guests[0], SHORT_S,
		"(while [ -e /run/on ]; do guest-spi mtdcheck " FLASH
		" %#x %d 7 || touch /run/bad; done; touch /run/over) "
		"> /run/log 2>&1 &",
		AT_0, CHECKED);
	lab_run(lab, lab->guests[1], SHORT_S,
		"guest-spi mtd " FLASH " %#x %d 9", AT_1, WRITTEN);
	lab_run(lab, lab->guests[0], SHORT_S,
		"rm /run/on; while [ ! -e /run/over ]; do sleep 0.1; done; "
		"[ ! -e /run/bad ]");
}

/*
 * Checks that @text, which sigrok made of the trace, has command @what at @at
 * with @len bytes, those of the flash; or, if @erased, ones. Returns how often.
 */
static unsigned int count_command(const struct lab *lab, const char *text,
				  const char *what, long at, size_t len,
				  bool erased)
{
	FILE *flash = fopen(daemon_file(&lab->daemon, "nor.img"), "re");
	char line[4096];
	size_t used;

	assert_non_null(flash);
	assert_int_equal(fseek(flash, at, SEEK_SET), 0);
	used = (size_t)snprintf(line, sizeof(line),
				"%s (addr 0x%06lx, %zu bytes):", what, at, len);
	while (len--)
		used += (size_t)snprintf(line + used, sizeof(line) - used,
					 " %02x", erased ? 0xff : fgetc(flash));
	snprintf(line + used, sizeof(line) - used, "\n");
	fclose(flash);
	return text_count(text, line);
}

/* The pages that a guest has erased, programmed and read at @at */
static void check_writes(const struct lab *lab, const char *text, long at)
{
	static const char read[] = "Fast read data";
	char line[64];

	snprintf(line, sizeof(line), "Erase sector %ld (0x%06lx)\n", at, at);
	text_expect(text, line, 1);
	for (long done = 0; done < WRITTEN; done += 256)
		assert_int_equal(
			count_command(lab, text, "Page program", at + done,
				      done + 256 < WRITTEN ? 256
							   : WRITTEN % 256,
				      false),
			1);
	assert_int_equal(count_command(lab, text, read, at, WRITTEN, true), 1);
	assert_int_equal(count_command(lab, text, read, at, WRITTEN, false), 1);
}

static void sigrok_reads_the_commands_of_two_guests(void **state)
{
	struct lab *lab = boot_all(state);
	const char *text;
	char path[PATH_MAX];
	unsigned int checks;

	write_in_turn(lab);
	snprintf(path, sizeof(path), "%s", lab_end_trace(lab));
	if (!tool_is_there("sigrok-cli") || !tool_is_there("vcd2fst"))
		skip_because("no sigrok-cli or vcd2fst here");
	text = gtkwave_convert(path);
	text_expect(text, "$scope module sim_nor $end", 1);
	text = sigrok_read_flash(path);
	check_writes(lab, text, AT_0);
	check_writes(lab, text, AT_1);
	text_expect(text, "Page program (addr", 6);
	/* The pages and two sectors; again for a guest that was late */
	assert_true(text_count(text, "Command: Write enable (WREN)") >= 6 + 2);
	/* Guest 0 has read while guest 1 wrote, and nobody read other bytes. */
	checks = count_command(lab, text, "Fast read data", AT_0, CHECKED,
			       false);
	assert_true(checks > 0);
	text_expect(text, "Fast read data (addr", 4 + checks);
	text_expect(text, "Command: Read identification (RDID)",
		    (unsigned int)sharers());
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
		.trace = true,
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

/* The trace is on until the test of it. */
static const struct CMUnitTest trace_tests[] = {
	cmocka_unit_test_teardown(sigrok_reads_the_commands_of_two_guests,
				  after_test),
	cmocka_unit_test_teardown(bytes_are_right_when_guests_write_one_flash,
				  after_test),
	cmocka_unit_test_teardown(no_read_fails_when_guests_read_under_load,
				  after_test),
};

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
	return cmocka_run_group_tests(trace_tests, create_instant,
				      lab_destroy) +
	       cmocka_run_group_tests(tests, create_real, lab_destroy);
}
