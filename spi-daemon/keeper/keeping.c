/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/keeping.h"

#include <bsd/string.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/keeper/life.h"
#include "spi-daemon/keeper/pending.h"
#include "spi-daemon/keeper/succession.h"
#include "spi-daemon/keeper/store.h"
#include "spi-daemon/keeper/upgrade.h"
#include "spi-daemon/sandbox/sandbox.h"
#include "spi-daemon/startup/fds/fd_limit.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"

static void log_text(void *opaque, const char *text)
{
	struct keeping *k = opaque;
	unsigned int suppressed;

	if (!log_limit_ok(&k->limit, clock_now(), &suppressed))
		return;
	if (suppressed)
		log_info("%u lines suppressed", suppressed);
	log_warning("%s", text);
}

/* Also after each reload, of which the process runs from now on. */
static void is_ready(void *opaque, const char *status)
{
	struct keeping *k = opaque;

	if (k->state == KEEPING_STARTING && life_is_on_trial(k))
		life_enter(k, KEEPING_TRIAL);
	else if (k->state == KEEPING_STARTING)
		life_serve(k);
	pending_accepted(k);
	k->has_served = true;
	launch_ready(k->launch, status);
}

static int is_reloading(void *opaque)
{
	struct keeping *k = opaque;

	launch_reloading(k->launch);
	return pending_read(k);
}

static void refuses(void *opaque, const char *status)
{
	struct keeping *k = opaque;

	pending_refused(k);
	launch_refused(k->launch, status);
}

static void has_told(void *opaque)
{
	pending_told(opaque);
}

static void has_hung(void *opaque)
{
	life_kill_hung(opaque);
}

static int inherited(void *opaque, const char *name, bool check)
{
	struct keeping *k = opaque;

	return passed_fds_get(k->launch->passed, name, check);
}

static const struct keeper_ops ops = {
	.inherited = inherited,
	.log = log_text,
	.ready = is_ready,
	.reloading = is_reloading,
	.refuses = refuses,
	.told = has_told,
	.hung = has_hung,
};

static void bury_child(struct keeping *k, int status)
{
	char how[sizeof(k->keeper.history.reason)];

	k->stopped_at = k->kill_at = 0;
	pending_bury(k);
	keeper_detach(&k->keeper, clock_now());
	child_describe(status, how, sizeof(how));
	if (k->state != KEEPING_ENDING && upgrade_bury(k, how))
		return;
	/* The first one has said why it could not serve. */
	if (k->state == KEEPING_ENDING || (!k->has_served && WIFEXITED(status)))
		life_enter(k, KEEPING_ENDED);
	else
		life_plan_restart(k, status, how);
}

/* What became of the process */
static void look_at_child(struct keeping *k)
{
	int status;

	while (child_reap(&k->child, &status)) {
		if (!k->child.pid)
			bury_child(k, status);
		else
			k->stopped_at = WIFSTOPPED(status) ? clock_now() : 0;
	}
	if (!k->check || waitpid(k->check, &status, WNOHANG) != k->check)
		return;
	if (k->nest.in >= 0)
		succession_checked(k, status);
	else
		upgrade_checked(k, status);
}

/* On the signal @sig; 0: no guest can have a front end again */
static void end(struct keeping *k, int sig)
{
	launch_stopping(k->launch);
	if (!sig)
		log_info("ending after the last front end");
	if (!k->child.pid) {
		log_info("ending on %s", strsignal(sig));
		life_enter(k, KEEPING_ENDED);
		return;
	}
	keeper_rest(&k->keeper, true);
	kill(k->child.pid, SIGTERM);
	life_enter(k, KEEPING_ENDING);
	if (!k->kill_at)
		k->kill_at = clock_now() + k->keeper.limits.hang_ns;
}

static void take_signal(struct keeping *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		look_at_child(k);
		break;
	case SIGHUP:
	case SIGUSR1:
	case SIGUSR2:
		pending_ask(k, (int)info.ssi_signo);
		break;
	default:
		end(k, (int)info.ssi_signo);
		break;
	}
}

static int make_signals(struct keeping *k)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Memory is a file: RLIMIT_FSIZE is an error, no more. */
	signal(SIGXFSZ, SIG_IGN);
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signals < 0 ? -errno : 0;
}

/* Returns true if the process has to get on to the next state. */
static bool is_bounded(const struct keeping *k)
{
	return k->state == KEEPING_STARTING || k->state == KEEPING_TRIAL;
}

/* Kills the process when it is time. Returns when the next look is due. */
static uint64_t time_child(struct keeping *k, uint64_t now)
{
	const uint64_t hang = k->keeper.limits.hang_ns;
	uint64_t late = is_bounded(k) ? k->since + hang : CLOCK_NEVER;

	if (k->stopped_at)
		late = clock_earlier(late, k->stopped_at + hang);
	if (now >= late)
		life_kill_hung(k);
	if (k->kill_at && now >= k->kill_at) {
		kill(k->child.pid, SIGKILL);
		k->kill_at = CLOCK_NEVER;
	}
	return k->kill_at ? k->kill_at : late;
}

/* What is due at a time, and not on an event. Returns when the next is. */
static uint64_t do_timers(struct keeping *k)
{
	const uint64_t hang = k->keeper.limits.hang_ns;
	const uint64_t now = clock_now();
	uint64_t next = CLOCK_NEVER;

	if (k->check && now >= k->check_since + hang) {
		kill(k->check, SIGKILL);
		k->check_since = now;
	}
	if (k->state == KEEPING_WAITING && now >= k->until && life_start(k) < 0)
		k->until = now + NS_PER_S;
	if (k->check)
		next = k->check_since + hang;
	if (k->state == KEEPING_RESTING)
		next = clock_earlier(next, k->since + hang);
	return clock_earlier(next, k->state == KEEPING_WAITING
					   ? k->until
					   : time_child(k, now));
}

/* Does what the state allows of what was asked for. */
static void go_on(struct keeping *k)
{
	enum keeping_state before;

	do {
		before = k->state;
		succession_go_on(k);
		upgrade_go_on(k);
		pending_pass_on(k);
	} while (k->state != before);
}

static void wait_and_work(struct keeping *k, uint64_t until)
{
	struct pollfd *fds = k->keeper.fds;
	struct timespec timeout;
	uint64_t deadline;
	unsigned int count = keeper_fill(&k->keeper, &deadline);

	if (deadline > until)
		deadline = until;
	timeout = clock_left(clock_now(), deadline);
	fds[KEEPER_POLL_USER].fd = k->signals;
	if (ppoll(fds, count, deadline == CLOCK_NEVER ? NULL : &timeout, NULL) <
	    0)
		return;
	if (fds[KEEPER_POLL_USER].revents)
		take_signal(k);
	keeper_work(&k->keeper, clock_now());
	if (k->state == KEEPING_SERVING && keeper_is_over(&k->keeper))
		end(k, 0);
	store_save(k);
}

/* The first keeper starts the first process. */
static int begin(struct keeping *k, const struct options *options, char *error,
		 size_t error_size)
{
	int config, ret;

	sandbox_enter_keeper(options);
	k->child.looker = sandbox_looker();
	ret = fd_limit_raise(options->guest_count, error, error_size);
	if (ret)
		return ret;
	store_begin(k);
	config = k->child.program.config;
	ret = child_init(&k->child, k->child.argv,
			 config < 0 ? life_copy_config(k) : config);
	if (!ret)
		ret = life_start(k);
	if (ret)
		strlcpy(error, strerror(-ret), error_size);
	return ret;
}

/* The next keeper goes on with what the one before has left in @image. */
static int take_over(struct keeping *k, const struct options *options,
		     int image, char *error, size_t error_size)
{
	int ret = succession_take(k, image, &k->launch->pid_file, error,
				  error_size);

	if (ret)
		return ret;
	sandbox_use_looker(k->child.looker);
	sandbox_enter_next_keeper(options);
	k->child.looker = sandbox_looker();
	k->has_served = true;
	life_serve(k);
	log_info("the keeper runs the new binary, too");
	/* The signal may have come before. */
	look_at_child(k);
	return 0;
}

int keeping_run(const struct options *options, char **argv, int image,
		struct launch *launch, char *error, size_t error_size)
{
	struct keeping k;
	int ret = life_init(&k, &ops, launch);

	k.config = options->config;
	k.child.argv = argv;
	if (!ret)
		ret = make_signals(&k);
	if (ret) {
		strlcpy(error, strerror(-ret), error_size);
		life_fini(&k);
		return ret;
	}
	keeper_set_timeout(&k.keeper,
			   options->launch.keeper_timeout * NS_PER_S);
	ret = image < 0 ? begin(&k, options, error, error_size)
			: take_over(&k, options, image, error, error_size);
	while (!ret && k.state != KEEPING_ENDED) {
		go_on(&k);
		wait_and_work(&k, do_timers(&k));
	}
	store_end(&k);
	if (!ret && !k.has_served) {
		error[0] = '\0';
		ret = -ECHILD;
	}
	if (k.check)
		kill(k.check, SIGKILL);
	life_fini(&k);
	return ret;
}
