/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/guest/guest_set.h"
#include "spi-daemon/sandbox/sandbox.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/stats/stats_file.h"
#include "spi-daemon/stats/stats_log.h"
#include "spi-daemon/stats/stats_prom.h"
#include "spi-daemon/supervisor.h"
#include "vhost/keeper/fault.h"
#include "virtio/mem/guest_mem.h"

/* Between two looks at how things are, while anything happens */
#define TICK_NS NS_PER_S

/* Blocked before any thread is made, so that only we get them. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
	sigaddset(set, WATCHER_SIGNAL);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	/* A front end that closed its end is an error of write(2), no more. */
	signal(SIGPIPE, SIG_IGN);
	/* A file that reaches RLIMIT_FSIZE is one as well. */
	signal(SIGXFSZ, SIG_IGN);
}

/*
 * By so much, ns, may a thread that waits for a time wake up later than that:
 * the default is 50 us, for which a bus is idle, or a chip held.
 */
#define TIMER_SLACK_NS 1000

/* Before any thread is made, so that all have it. */
static void be_punctual(void)
{
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
}

static void describe(const struct guest_set *set, char *text, size_t size)
{
	snprintf(text, size, "serving %u guest%s", set->count,
		 set->count == 1 ? "" : "s");
}

static void reload(struct guest_set *set, struct launch *launch, int argc,
		   char **argv)
{
	struct options options;
	char error[512], status[64];
	int copy = launch_reloading(launch);
	int ret =
		options_parse(argc, argv, copy, &options, error, sizeof(error));

	if (!ret) {
		ret = guest_set_change(set, &options, error, sizeof(error));
		options_free(&options);
	}
	if (copy >= 0)
		close(copy);
	if (ret) {
		log_error("nothing was changed: %s", error);
		launch_refused(launch, "nothing was changed: see the log");
		return;
	}
	describe(set, status, sizeof(status));
	log_info("configuration read, %s", status);
	launch_ready(launch, status);
}

/* Adds what the keeper has seen, if there is one. */
static void add_history(struct stats_view *view, const struct launch *launch,
			struct keeper_history *history)
{
	if (launch->link >= 0 && !keeper_link_history(launch->link, history))
		view->history = history;
}

static void log_stats(const struct guest_set *set, const struct launch *launch)
{
	struct keeper_history history;
	struct stats_view view;

	if (stats_view_init(&view, set) < 0) {
		log_error("no statistics: out of memory");
		return;
	}
	add_history(&view, launch, &history);
	stats_log(&view);
	stats_view_fini(&view);
	if (launch->link >= 0)
		keeper_link_told(launch->link);
}

/* Returns true if there was something new to write. */
static bool write_stats(const struct guest_set *set,
			const struct launch *launch, struct stats_file *file,
			time_t start)
{
	struct keeper_history history;
	struct stats_view view;
	bool changed;

	if (!file->path || stats_view_init(&view, set) < 0)
		return false;
	add_history(&view, launch, &history);
	changed = stats_file_write(file, stats_prom(&view, start));
	stats_view_fini(&view);
	return changed;
}

/*
 * Returns the next signal, or 0 when the time is past @tick, or when a thread
 * works after a rest: CLOCK_NEVER. However many signals come, ticks come too.
 */
static int wait_signal(const sigset_t *signals, uint64_t tick)
{
	for (;;) {
		uint64_t now = clock_now();
		struct timespec left = clock_left(now, tick);
		int sig;

		if (now >= tick)
			return 0;
		sig = tick == CLOCK_NEVER ? sigwaitinfo(signals, NULL)
					  : sigtimedwait(signals, NULL, &left);
		if (sig == WATCHER_SIGNAL)
			return 0;
		if (sig > 0)
			return sig;
	}
}

/* Looks how things are. Returns when to do so again, monotonic ns. */
static uint64_t look(struct guest_set *set, const struct launch *launch,
		     struct stats_file *stats, time_t start)
{
	bool worked = guest_set_look(set);
	bool changed = write_stats(set, launch, stats, start);

	if (!worked && !changed && guest_set_rest(set))
		return CLOCK_NEVER;
	return clock_now() + TICK_NS;
}

/*
 * Until a signal says that it is enough; returns that. Or until no guest can
 * have a front end again; returns 0.
 */
static int supervise(struct guest_set *set, struct stats_file *stats,
		     struct launch *launch, const sigset_t *signals, int argc,
		     char **argv)
{
	const time_t start = time(NULL);
	uint64_t tick = 0;

	for (;;) {
		int sig = wait_signal(signals, tick);

		switch (sig) {
		case 0:
			if (guest_set_is_over(set))
				return 0;
			tick = look(set, launch, stats, start);
			break;
		case SIGHUP:
			reload(set, launch, argc, argv);
			write_stats(set, launch, stats, start);
			break;
		case SIGUSR1:
			log_stats(set, launch);
			break;
		case SIGUSR2:
			log_warning("no upgrade: that needs --keeper, and the "
				    "keeper's process id");
			break;
		default:
			return sig;
		}
	}
}

int supervisor_run(struct options *options, int argc, char **argv,
		   struct launch *launch, char *error, size_t error_size)
{
	struct stats_file stats = { .path = NULL };
	struct guest_set set;
	char status[64];
	sigset_t signals;
	int ret;

	block_signals(&signals);
	be_punctual();
	ret = launch->link < 0 ? 0 : keeper_fault_watch(launch->link);
	if (!ret)
		ret = guest_mem_handle_sigbus();
	if (!ret)
		ret = sandbox_enter(options, launch->link >= 0);
	if (ret < 0) {
		strlcpy(error, strerror(-ret), error_size);
		return ret;
	}
	if (options->stats)
		ret = stats_file_open(&stats, options->stats, error,
				      error_size);
	if (!ret)
		ret = guest_set_start(&set, options, launch->link,
				      launch->passed, error, error_size);
	if (!ret) {
		describe(&set, status, sizeof(status));
		log_info("%s", status);
		/* A keeper has told already. */
		if (launch->link < 0)
			sandbox_tell_missing();
		launch_ready(launch, status);
		ret = supervise(&set, &stats, launch, &signals, argc, argv);
		log_info("ending %s%s",
			 ret ? "on " : "after the last front end",
			 ret ? strsignal(ret) : "");
		launch_stopping(launch);
		guest_set_stop(&set);
		ret = 0;
	}
	stats_file_close(&stats);
	return ret;
}
