// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * Drivers of the guest's kernel with chips that answer: they take the chip, do
 * their work with it, and the chip sees the messages that they mean.
 *
 * ANSWERS_TABLE names a file for the rows of docs/drivers.md; then each is
 * tried with all framings, and with a patched guest. ANSWERS selects drivers,
 * by a pattern of the shell.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/answers.h"
#include "tests/guest/trial.h"
#include "tests/lib/skip.h"

static const char *const all_framings[] = { "linux", "auto", "spec",
					    "transfer" };

struct world {
	struct trials trials;
	struct trial list[TRIALS_MAX];
	const struct answer *of[TRIALS_MAX]; /* trial I is of this one */
	unsigned int count;
	FILE *table;
};

static struct world world;

static void add(const struct answer *answer, const char *framing)
{
	assert_true(world.count < TRIALS_MAX);
	world.list[world.count] = answer->trial;
	world.list[world.count].framing = framing;
	world.of[world.count++] = answer;
}

/* Adds the trials of @answer: with the framing for it, or with all. */
static void add_framings(const struct answer *answer, bool patched)
{
	const size_t count = sizeof(all_framings) / sizeof(*all_framings);
	bool again = false;

	if (patched) {
		add(answer, "spec");
		return;
	}
	for (size_t i = 0; world.table && i < count; i++) {
		add(answer, all_framings[i]);
		if (!again && !strcmp(all_framings[i], answer->framing))
			again = true;
	}
	if (!again)
		add(answer, answer->framing);
	if (answer->by_auto && !world.table)
		add(answer, "auto");
}

static bool works(const struct trial_result *r)
{
	return *r->driver && !r->status && !*r->fault;
}

/* Prints the verdict, and a row of the table: see answers-table.sh. */
static void report(const struct answer *answer, const struct trial *trial,
		   const struct trial_result *r, bool patched)
{
	const struct trials *t = &world.trials;
	unsigned int several = messages_count_several(&t->meant);

	print_message("%-14s cs=%-9s %4u %4u  %s, %s%s%s\n", trial->module,
		      trial->framing, t->meant.count, several,
		      works(r) ? "works" : "fails",
		      r->as_meant ? "as meant" : "differs",
		      *r->detail ? ": " : "", r->detail);
	if (world.table)
		fprintf(world.table, "%s|%s|%s|%s|%s|%s|%u|%u|%d|%d\n",
			trial->module, answer->part, answer->job,
			answer->but ? answer->but : "",
			answer->broken ? answer->broken : "",
			patched ? "patched" : trial->framing, t->meant.count,
			several, works(r), r->as_meant);
}

/* Returns true if trial @r came out as the table of answers says. */
static bool is_expected(const struct answer *answer, const char *framing,
			const struct trial_result *r, bool patched)
{
	if (answer->broken)
		return !works(r);
	if (patched)
		return works(r) && r->as_meant == !answer->but_patched;
	if (!strcmp(framing, answer->framing))
		return works(r) && r->as_meant == !answer->but;
	if (!strcmp(framing, "auto") && answer->by_auto)
		return works(r) && r->as_meant == !answer->auto_is_late;
	return true;
}

/* Runs all trials. Returns how many came out in another way than expected. */
static unsigned int run_all(bool patched)
{
	unsigned int wrong = 0;
	struct trial_result r;

	for (unsigned int i = 0; i < world.count; i++) {
		const struct trial *trial = &world.list[i];

		trials_run(&world.trials, i, &r);
		report(world.of[i], trial, &r, patched);
		if (is_expected(world.of[i], trial->framing, &r, patched))
			continue;
		wrong++;
		print_message("driver \"%s\", check %d, %s\n%s%s", r.driver,
			      r.status, r.fault, r.output, r.log);
	}
	return wrong;
}

static void check(bool patched)
{
	const char *pattern = getenv("ANSWERS");
	struct guest_config config = { .patched = patched };

	if (!guest_kit_is_ready())
		skip_because("no kit: run tests/guest/kit.sh");
	if (patched && !guest_kit_is_patched())
		skip_because("the patches do not apply to this Linux");
	if (system("command -v python3 > /dev/null"))
		skip_because("no python3");
	for (size_t i = 0; i < answer_count; i++)
		if (!pattern || !fnmatch(pattern, answers[i].trial.module, 0))
			add_framings(&answers[i], patched);
	trials_start(&world.trials, world.list, world.count, &config);
	assert_int_equal(run_all(patched), 0);
}

static void drivers_work_with_the_framing_for_them(void **state)
{
	(void)state;
	check(false);
}

static void drivers_work_when_patched_and_cs_is_spec(void **state)
{
	(void)state;
	check(true);
}

static int setup(void **state)
{
	const char *table = getenv("ANSWERS_TABLE");

	(void)state;
	memset(&world, 0, sizeof(world));
	world.table = table ? fopen(table, "a") : NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	trials_stop(&world.trials);
	if (world.table)
		fclose(world.table);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			drivers_work_with_the_framing_for_them, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			drivers_work_when_patched_and_cs_is_spec, setup,
			teardown),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* The second is for the table alone: a guest takes long to boot. */
	return _cmocka_run_group_tests(
		"answers", tests, getenv("ANSWERS_TABLE") ? 2 : 1, NULL, NULL);
}
