/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/life.h"

#include <bsd/string.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/config/config_file.h"
#include "spi-daemon/system/clock.h"

/*
 * A process that has served for this long did well, unless it dies of a fault
 * of its own.
 */
#define HEALTHY_NS (5 * NS_PER_MS)

/* So many in a row may be killed before that, each by somebody. */
#define KILLS_FREE 50

/* Between SIGABRT, for a core dump, and SIGKILL */
#define ABORT_NS (2 * NS_PER_S)

int life_init(struct keeping *k, const struct keeper_ops *ops,
	      struct launch *launch)
{
	*k = (struct keeping){
		.launch = launch,
		.child = { .program = { -1, -1 }, .looker = -1 },
		.signals = -1,
		.other = { -1, -1 },
		.nest = { .in = -1, .out = -1 },
		.store = { .in = -1, .out = -1 },
		.reloaded = -1,
	};
	return keeper_init(&k->keeper, ops, k);
}

void life_fini(struct keeping *k)
{
	if (k->signals >= 0)
		close(k->signals);
	if (k->reloaded >= 0)
		close(k->reloaded);
	child_close_program(&k->other);
	nest_fini(&k->nest);
	nest_fini(&k->store);
	child_fini(&k->child);
	keeper_fini(&k->keeper);
}

void life_enter(struct keeping *k, enum keeping_state state)
{
	k->state = state;
	k->since = clock_now();
}

int life_copy_config(const struct keeping *k)
{
	int copy = config_file_copy(k->config);

	return copy < 0 ? -1 : copy;
}

int life_start(struct keeping *k)
{
	int link;
	int ret = child_start(&k->child, &link);

	if (ret)
		return ret;
	k->serves_since = 0;
	keeper_attach(&k->keeper, link, life_is_on_trial(k));
	life_enter(k, KEEPING_STARTING);
	return 0;
}

void life_serve(struct keeping *k)
{
	struct keeper_history *history = &k->keeper.history;
	uint64_t pause;

	life_enter(k, KEEPING_SERVING);
	k->serves_since = k->since;
	pause = k->since - k->died_at;
	if (!k->died_at)
		return;
	if (pause > history->longest_pause_ns)
		history->longest_pause_ns = pause;
	log_info("the guests are served again, after %llu ms",
		 (unsigned long long)(pause / NS_PER_MS));
	k->died_at = 0;
}

void life_kill_hung(struct keeping *k)
{
	if (!k->child.pid || k->kill_at)
		return;
	log_error("the serving process %d hangs, and is killed",
		  (int)k->child.pid);
	kill(k->child.pid, SIGABRT);
	kill(k->child.pid, SIGCONT);
	k->kill_at = clock_now() + ABORT_NS;
}

int life_begin_check(struct keeping *k, const struct child_program *program,
		     int image)
{
	pid_t pid = child_check(&k->child, program, image, &k->check_out);

	if (pid < 0)
		return pid;
	k->check = pid;
	k->check_since = clock_now();
	return 0;
}

void life_end_check(struct keeping *k, char text[LIFE_CHECK_TEXT])
{
	ssize_t n = read(k->check_out, text, LIFE_CHECK_TEXT - 1);

	close(k->check_out);
	k->check = 0;
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* Returns how long to wait before the next start, ns. */
static uint64_t choose_pause(struct keeping *k, int status, uint64_t now)
{
	const bool healthy = k->serves_since &&
			     now - k->serves_since >= HEALTHY_NS;
	/* A signal that somebody sent to it may as well end it with 0. */
	const bool gave_up = WIFEXITED(status) && WEXITSTATUS(status);

	if (healthy && !k->keeper.faulted)
		k->failed = k->killed = (struct vhost_budget){ 0 };
	if (gave_up || k->keeper.faulted)
		return vhost_budget_spend(
			&k->failed, gave_up ? 0 : VHOST_BUDGET_FAULTS, now);
	return vhost_budget_spend(&k->killed, KILLS_FREE, now);
}

void life_plan_restart(struct keeping *k, int status, const char *how)
{
	struct keeper_history *history = &k->keeper.history;
	const uint64_t now = clock_now();
	const uint64_t pause = choose_pause(k, status, now);

	if (!k->died_at)
		k->died_at = now;
	history->restarts++;
	strlcpy(history->reason, how, sizeof(history->reason));
	if (pause)
		log_error("the serving process ended (%s); the next is started "
			  "in %u s",
			  how, (unsigned int)(pause / NS_PER_S));
	else
		log_warning("the serving process ended (%s); the next is "
			    "started",
			    how);
	life_enter(k, KEEPING_WAITING);
	k->until = now + pause;
}
