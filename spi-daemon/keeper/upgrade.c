/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "spi-daemon/system/clock.h"

static void drop_other(struct keeping *k)
{
	child_close_program(&k->other);
	k->other_is = KEEPING_OTHER_NONE;
}

/* The other program is started as soon as can be. */
static void swap_programs(struct keeping *k)
{
	struct child_program program = k->child.program;

	k->child.program = k->other;
	k->other = program;
	k->other_is = KEEPING_OTHER_BEFORE;
	life_enter(k, KEEPING_WAITING);
	k->until = k->since;
}

static const char *refusal(const struct keeping *k)
{
	return k->other_reloads ? "nothing was changed" : "not upgraded";
}

static void refuse(struct keeping *k, const char *why)
{
	log_error("%s: %s", refusal(k), why);
	drop_other(k);
}

bool upgrade_bury(struct keeping *k, const char *how)
{
	if (life_is_on_trial(k)) {
		log_error("%s: the new process ended (%s); the one before is "
			  "started again",
			  refusal(k), how);
		swap_programs(k);
		drop_other(k);
		return true;
	}
	if (k->state != KEEPING_DRAINING && k->state != KEEPING_REPLACING)
		return false;
	if (!k->died_at)
		k->died_at = clock_now();
	swap_programs(k);
	return true;
}

/* Has a program with the binary @exe, or -errno, check its options. */
static void check_other(struct keeping *k, int exe, bool reloads)
{
	k->other_reloads = reloads;
	if (exe < 0) {
		log_error("%s: %s: %s", refusal(k),
			  k->child.path ? k->child.path : "its binary",
			  strerror(-exe));
		return;
	}
	k->other = (struct child_program){ exe, life_copy_config(k) };
	if (life_begin_check(k, &k->other, -1) < 0)
		refuse(k, "no process");
	else
		k->other_is = KEEPING_OTHER_CHECKED;
}

static int copy_binary(const struct keeping *k)
{
	int exe = fcntl(k->child.program.exe, F_DUPFD_CLOEXEC, 0);

	return exe < 0 ? -errno : exe;
}

void upgrade_checked(struct keeping *k, int status)
{
	char text[LIFE_CHECK_TEXT];

	life_end_check(k, text);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		k->other_is = KEEPING_OTHER_FITS;
	else
		refuse(k, text[0] ? text : "the new binary fails");
}

static void begin_what_was_asked(struct keeping *k)
{
	const bool waits = k->state == KEEPING_WAITING &&
			   clock_now() < k->until;

	if (k->check || k->other_is != KEEPING_OTHER_NONE)
		return;
	if (k->upgrade_asked &&
	    (k->state == KEEPING_STARTING || k->state == KEEPING_SERVING ||
	     k->state == KEEPING_WAITING)) {
		k->upgrade_asked = false;
		check_other(k, child_open_binary(&k->child), false);
	} else if (k->reload == KEEPING_RELOAD_ASKED && waits) {
		k->reload = KEEPING_RELOAD_NONE;
		check_other(k, copy_binary(k), true);
	}
}

/* The next program has its turn if no process serves, or when none starts. */
static void replace(struct keeping *k)
{
	if (k->state == KEEPING_WAITING) {
		swap_programs(k);
	} else if (k->state == KEEPING_SERVING && k->other_reloads) {
		/* This process can read the file itself. */
		drop_other(k);
		k->reload = KEEPING_RELOAD_ASKED;
	} else if (k->state == KEEPING_SERVING) {
		launch_reloading(k->launch);
		life_enter(k, KEEPING_DRAINING);
		keeper_drain(&k->keeper, clock_now());
	}
}

static void pass(struct keeping *k)
{
	keeper_open_gate(&k->keeper, clock_now());
	drop_other(k);
	if (k->other_reloads) {
		log_info("configuration read");
	} else {
		k->keeper.history.upgrades++;
		k->succession_due = true;
		log_info("upgraded");
	}
	life_serve(k);
}

void upgrade_go_on(struct keeping *k)
{
	enum keeper_trial trial;

	begin_what_was_asked(k);
	if (k->other_is == KEEPING_OTHER_FITS)
		replace(k);
	if (k->state == KEEPING_DRAINING && keeper_is_drained(&k->keeper)) {
		life_enter(k, KEEPING_REPLACING);
		kill(k->child.pid, SIGTERM);
		k->kill_at = clock_now() + k->keeper.limits.hang_ns;
	}
	if (k->state != KEEPING_TRIAL)
		return;
	trial = keeper_look_at_trial(&k->keeper);
	if (trial == KEEPER_TRIAL_FAILED)
		kill(k->child.pid, SIGKILL);
	else if (trial == KEEPER_TRIAL_PASSED)
		pass(k);
}
