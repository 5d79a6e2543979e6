/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/pending.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A reload that so many processes in a row died of is not tried again. */
#define RELOAD_MAX_DEATHS 10

void pending_ask(struct keeping *k, int signal)
{
	if (signal == SIGUSR1) {
		k->stats_asked = true;
	} else if (signal == SIGUSR2) {
		k->upgrade_asked = true;
	} else {
		k->reload = KEEPING_RELOAD_ASKED;
		k->reload_deaths = 0;
	}
}

void pending_pass_on(struct keeping *k)
{
	const bool stays = k->state == KEEPING_SERVING ||
			   k->state == KEEPING_PROBING ||
			   k->state == KEEPING_RESTING;

	if (stays && k->reload == KEEPING_RELOAD_ASKED) {
		k->reload = KEEPING_RELOAD_PASSED_ON;
		kill(k->child.pid, SIGHUP);
	}
	if (k->stats_asked && !k->stats_passed_on &&
	    (stays || k->state == KEEPING_DRAINING)) {
		k->stats_asked = false;
		k->stats_passed_on = true;
		kill(k->child.pid, SIGUSR1);
	}
}

static void drop_copy(struct keeping *k)
{
	if (k->reloaded >= 0)
		close(k->reloaded);
	k->reloaded = -1;
}

int pending_read(struct keeping *k)
{
	if (k->reload == KEEPING_RELOAD_PASSED_ON)
		k->reload = KEEPING_RELOAD_READING;
	drop_copy(k);
	k->reloaded = life_copy_config(k);
	return k->reloaded < 0 ? -1 : fcntl(k->reloaded, F_DUPFD_CLOEXEC, 0);
}

/* The operator may have asked again while the process was reading. */
static void end_reload(struct keeping *k)
{
	if (k->reload != KEEPING_RELOAD_READING)
		return;
	k->reload = KEEPING_RELOAD_NONE;
	k->reload_deaths = 0;
}

void pending_accepted(struct keeping *k)
{
	end_reload(k);
	if (k->reloaded < 0)
		return;
	if (k->child.program.config >= 0)
		close(k->child.program.config);
	k->child.program.config = k->reloaded;
	k->reloaded = -1;
}

void pending_refused(struct keeping *k)
{
	end_reload(k);
	drop_copy(k);
}

void pending_told(struct keeping *k)
{
	k->stats_passed_on = false;
}

void pending_bury(struct keeping *k)
{
	drop_copy(k);
	k->stats_asked |= k->stats_passed_on;
	k->stats_passed_on = false;
	if (k->reload != KEEPING_RELOAD_PASSED_ON &&
	    k->reload != KEEPING_RELOAD_READING)
		return;
	k->reload = KEEPING_RELOAD_ASKED;
	if (++k->reload_deaths < RELOAD_MAX_DEATHS)
		return;
	log_error("nothing was changed: %d processes ended before they had "
		  "read the configuration",
		  RELOAD_MAX_DEATHS);
	k->reload = KEEPING_RELOAD_NONE;
	k->reload_deaths = 0;
}
