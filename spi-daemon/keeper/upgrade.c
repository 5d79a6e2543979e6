/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/upgrade.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "spi-daemon/keeper/succession.h"
#include "spi-daemon/system/clock.h"

/* The other program is started as soon as can be. */
static void swap_programs(struct keeping *k, enum keeping_state state)
{
	struct child_program program = k->child.program;

	k->child.program = k->other;
	k->other = program;
	life_enter(k, state);
	k->until = k->since;
}

bool upgrade_bury(struct keeping *k, const char *how)
{
	if (life_is_on_trial(k)) {
		log_error("not upgraded: the new process ended (%s); the one "
			  "before is started again",
			  how);
		swap_programs(k, KEEPING_WAITING);
		child_close_program(&k->other);
		return true;
	}
	if (k->state != KEEPING_DRAINING && k->state != KEEPING_REPLACING)
		return false;
	if (!k->died_at)
		k->died_at = clock_now();
	swap_programs(k, KEEPING_NEXT);
	return true;
}

static void refuse(struct keeping *k, const char *why)
{
	log_error("not upgraded: %s", why);
	child_close_program(&k->other);
	if (k->state == KEEPING_CHECKING)
		life_enter(k, KEEPING_SERVING);
}

void upgrade_begin(struct keeping *k)
{
	int exe;

	if (k->state != KEEPING_SERVING || k->check) {
		log_warning("not upgraded: the guests are not served now, or "
			    "an upgrade is going on");
		return;
	}
	exe = child_open_binary(&k->child);
	if (exe < 0) {
		log_error("not upgraded: %s: %s",
			  k->child.path ? k->child.path : "its binary",
			  strerror(-exe));
		return;
	}
	k->other = (struct child_program){ exe, life_copy_config(k) };
	k->check = child_check(&k->child, &k->other, -1, &k->check_out);
	if (k->check < 0) {
		k->check = 0;
		refuse(k, "no process");
		return;
	}
	life_enter(k, KEEPING_CHECKING);
}

void upgrade_checked(struct keeping *k, int status)
{
	char text[LIFE_CHECK_TEXT];

	life_end_check(k, text);
	if (k->state != KEEPING_CHECKING) {
		child_close_program(&k->other);
		return;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		refuse(k, text[0] ? text : "the new binary fails");
		return;
	}
	launch_reloading(k->launch);
	life_enter(k, KEEPING_DRAINING);
	keeper_drain(&k->keeper, clock_now());
}

void upgrade_go_on(struct keeping *k)
{
	bool late = clock_now() - k->since >= k->keeper.limits.hang_ns;
	enum keeper_trial trial;

	if (k->state == KEEPING_DRAINING && keeper_is_drained(&k->keeper)) {
		life_enter(k, KEEPING_REPLACING);
		kill(k->child.pid, SIGTERM);
		k->kill_at = clock_now() + k->keeper.limits.hang_ns;
	}
	if (k->state == KEEPING_NEXT_STARTING && late)
		kill(k->child.pid, SIGKILL);
	if (k->state != KEEPING_TRIAL)
		return;
	trial = keeper_look_at_trial(&k->keeper);
	if (trial == KEEPER_TRIAL_FAILED || late) {
		kill(k->child.pid, SIGKILL);
	} else if (trial == KEEPER_TRIAL_PASSED) {
		keeper_open_gate(&k->keeper, clock_now());
		child_close_program(&k->other);
		k->keeper.history.upgrades++;
		life_enter(k, KEEPING_SERVING);
		log_info("upgraded");
		life_note_pause(k);
		succession_begin(k);
	}
}
