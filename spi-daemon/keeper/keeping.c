/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/keeper/keeping.h"

#include <bsd/string.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/keeper/child.h"
#include "spi-daemon/startup/fd_limit.h"
#include "spi-daemon/startup/notify.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/log.h"
#include "vhost/keeper/keeper.h"

/*
 * A process has failed if it ends before it has served for this long. It is
 * started again at once, as long as a signal may have come from outside, so
 * many times in a row. From then on each start waits, longer each time; as
 * does each start after one that ended by itself.
 */
#define HEALTHY_NS    (5 * NS_PER_MS)
#define FAILURES_FREE 50
#define PAUSE_MAX_MS  30000

/* Between SIGABRT, for a core dump, and SIGKILL */
#define ABORT_NS (2 * NS_PER_S)

/*
 * The life of the process that serves:
 *
 *	STARTING -> SERVING	it says that it is ready
 *	both -> WAITING		it has died
 *	WAITING -> STARTING	at ->until
 *	SERVING -> CHECKING	SIGUSR2; --check of the binary that is there now
 *	CHECKING -> SERVING	it does not like its options
 *	CHECKING -> DRAINING	it does
 *	DRAINING -> REPLACING	all guests stand still; SIGTERM
 *	both -> STARTING	it has ended; the next one is on trial
 *	STARTING -> TRIAL	the next one is ready
 *	TRIAL -> SERVING	it can serve all guests
 *	TRIAL -> STARTING	it cannot: the binary before is started again
 *	any -> ENDING		SIGTERM; ENDED when it has died
 *	STARTING -> ENDED	it has ended by itself, and none has served
 */
enum keeping_state {
	KEEPING_STARTING,
	KEEPING_SERVING,
	KEEPING_WAITING,
	KEEPING_CHECKING,
	KEEPING_DRAINING,
	KEEPING_REPLACING,
	KEEPING_TRIAL,
	KEEPING_ENDING,
	KEEPING_ENDED,
};

struct keeping {
	struct keeper keeper;
	struct child child;
	struct launch *launch;
	enum keeping_state state;
	int signals;	       /* signalfd */
	uint64_t since;	       /* monotonic ns: of the state */
	uint64_t until;	       /* KEEPING_WAITING: start the next then */
	uint64_t stopped_at;   /* monotonic ns: by SIGSTOP; 0: it runs */
	uint64_t kill_at;      /* monotonic ns: SIGKILL; 0: not asked for */
	uint64_t died_at;      /* 0: not since it served last */
	unsigned int failures; /* in a row: killed by a signal, */
	unsigned int pauses;   /* or that were followed by a pause */
	bool has_served;
	/* Up to REPLACING the next binary, on trial the one before; or -1 */
	int other_exe;
	bool trial;		/* the binary has not served yet */
	pid_t check;		/* 0: none runs */
	int check_out;		/* what it says */
	struct log_limit limit; /* of lines that front ends cause */
};

static void enter(struct keeping *k, enum keeping_state state)
{
	k->state = state;
	k->since = clock_now();
}

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

static void note_pause(struct keeping *k)
{
	struct keeper_history *history = &k->keeper.history;
	uint64_t pause = clock_now() - k->died_at;

	if (!k->died_at)
		return;
	if (pause > history->longest_pause_ns)
		history->longest_pause_ns = pause;
	log_info("the guests are served again, after %llu ms",
		 (unsigned long long)(pause / NS_PER_MS));
	k->died_at = 0;
}

/* Also after each reload. */
static void is_ready(void *opaque, const char *status)
{
	struct keeping *k = opaque;

	if (k->state == KEEPING_STARTING && k->trial) {
		enter(k, KEEPING_TRIAL);
	} else if (k->state == KEEPING_STARTING) {
		enter(k, KEEPING_SERVING);
		note_pause(k);
	}
	k->has_served = true;
	launch_ready(k->launch, status);
}

static void is_reloading(void *opaque)
{
	struct keeping *k = opaque;

	launch_reloading(k->launch);
}

static void has_hung(void *opaque)
{
	struct keeping *k = opaque;

	if (!k->child.pid || k->kill_at)
		return;
	log_error("the serving process %d hangs, and is killed",
		  (int)k->child.pid);
	kill(k->child.pid, SIGABRT);
	kill(k->child.pid, SIGCONT);
	k->kill_at = clock_now() + ABORT_NS;
}

static const struct keeper_ops ops = {
	.log = log_text,
	.ready = is_ready,
	.reloading = is_reloading,
	.hung = has_hung,
};

static int start_child(struct keeping *k)
{
	int link, ret;

	ret = child_start(&k->child, &link);
	if (!ret) {
		keeper_attach(&k->keeper, link, k->trial);
		enter(k, KEEPING_STARTING);
	}
	return ret;
}

/*
 * Returns how many milliseconds to wait before the next start: longer each time
 * in a row, up to half a minute.
 */
static unsigned int choose_pause(struct keeping *k, int status)
{
	bool served = k->state == KEEPING_SERVING;
	unsigned int pause = WIFSIGNALED(status) ? 100 : 1000;

	if (served && clock_now() - k->since >= HEALTHY_NS)
		k->failures = k->pauses = 0;
	if (WIFSIGNALED(status) && ++k->failures <= FAILURES_FREE)
		return 0;
	if (k->pauses < 10)
		pause <<= k->pauses++;
	else
		pause = PAUSE_MAX_MS;
	return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}

/* Plans the next start, after a process that ended as @status and @how say. */
static void plan_restart(struct keeping *k, int status, const char *how)
{
	struct keeper_history *history = &k->keeper.history;
	unsigned int pause = choose_pause(k, status);
	uint64_t now = clock_now();

	if (!k->died_at)
		k->died_at = now;
	history->restarts++;
	strlcpy(history->reason, how, sizeof(history->reason));
	if (pause)
		log_error("the serving process ended (%s); the next is started "
			  "in %u %s",
			  how, pause < 1000 ? pause : pause / 1000,
			  pause < 1000 ? "ms" : "s");
	else
		log_warning("the serving process ended (%s); the next is "
			    "started",
			    how);
	enter(k, KEEPING_WAITING);
	k->until = now + pause * NS_PER_MS;
}

static void close_other_exe(struct keeping *k)
{
	if (k->other_exe >= 0)
		close(k->other_exe);
	k->other_exe = -1;
}

static void swap_binaries(struct keeping *k)
{
	int exe = k->child.exe;

	k->child.exe = k->other_exe;
	k->other_exe = exe;
	k->trial = !k->trial;
	enter(k, KEEPING_WAITING);
	k->until = k->since;
}

/* The process of before is gone: the next one, or the same again, is started.
 */
static void try_next(struct keeping *k)
{
	if (!k->died_at)
		k->died_at = clock_now();
	swap_binaries(k);
}

static void go_back(struct keeping *k, const char *how)
{
	log_error("not upgraded: the new process ended (%s); the one before is "
		  "started again",
		  how);
	swap_binaries(k);
	close_other_exe(k);
}

static void refuse_upgrade(struct keeping *k, const char *why)
{
	log_error("not upgraded: %.*s", (int)strcspn(why, "\n"), why);
	close_other_exe(k);
	if (k->state == KEEPING_CHECKING)
		enter(k, KEEPING_SERVING);
}

static void begin_upgrade(struct keeping *k)
{
	if (k->state != KEEPING_SERVING || k->check) {
		log_warning("not upgraded: the guests are not served now");
		return;
	}
	k->other_exe = child_open_binary(&k->child);
	if (k->other_exe < 0) {
		log_error("not upgraded: %s: %s",
			  k->child.path ? k->child.path : "its binary",
			  strerror(-k->other_exe));
		return;
	}
	k->check = child_check(&k->child, k->other_exe, &k->check_out);
	if (k->check < 0) {
		k->check = 0;
		refuse_upgrade(k, "no process");
		return;
	}
	enter(k, KEEPING_CHECKING);
}

/* The binary has looked at its options. */
static void end_check(struct keeping *k, int status)
{
	char text[400];
	ssize_t n = read(k->check_out, text, sizeof(text) - 1);

	close(k->check_out);
	k->check = 0;
	if (k->state != KEEPING_CHECKING) {
		close_other_exe(k);
		return;
	}
	text[n > 0 ? n : 0] = '\0';
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		refuse_upgrade(k, n > 0 ? text : "the new binary fails");
		return;
	}
	launch_reloading(k->launch);
	enter(k, KEEPING_DRAINING);
	keeper_drain(&k->keeper, clock_now());
}

/* Goes on with an upgrade when the guests have come as far. */
static void go_on_upgrading(struct keeping *k)
{
	bool late = clock_now() - k->since >= k->keeper.limits.hang_ns;
	enum keeper_trial trial;

	if (k->state == KEEPING_DRAINING && keeper_is_drained(&k->keeper)) {
		enter(k, KEEPING_REPLACING);
		kill(k->child.pid, SIGTERM);
		k->kill_at = clock_now() + k->keeper.limits.hang_ns;
	}
	if (k->trial && k->state == KEEPING_STARTING && late)
		kill(k->child.pid, SIGKILL);
	if (k->state != KEEPING_TRIAL)
		return;
	trial = keeper_look_at_trial(&k->keeper);
	if (trial == KEEPER_TRIAL_FAILED || late) {
		kill(k->child.pid, SIGKILL);
	} else if (trial == KEEPER_TRIAL_PASSED) {
		keeper_open_gate(&k->keeper, clock_now());
		close_other_exe(k);
		k->trial = false;
		k->keeper.history.upgrades++;
		enter(k, KEEPING_SERVING);
		log_info("upgraded");
		note_pause(k);
	}
}

static void bury_child(struct keeping *k, int status)
{
	char how[sizeof(k->keeper.history.reason)];

	k->stopped_at = k->kill_at = 0;
	keeper_detach(&k->keeper, clock_now());
	child_describe(status, how, sizeof(how));
	/* The first one has said why it could not serve. */
	if (k->state == KEEPING_ENDING || (!k->has_served && WIFEXITED(status)))
		enter(k, KEEPING_ENDED);
	else if (k->trial)
		go_back(k, how);
	else if (k->state == KEEPING_DRAINING || k->state == KEEPING_REPLACING)
		try_next(k);
	else
		plan_restart(k, status, how);
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
	if (k->check && waitpid(k->check, &status, WNOHANG) == k->check)
		end_check(k, status);
}

static void end(struct keeping *k, int sig)
{
	launch_stopping(k->launch);
	if (!k->child.pid) {
		log_info("ending on %s", strsignal(sig));
		enter(k, KEEPING_ENDED);
		return;
	}
	kill(k->child.pid, SIGTERM);
	enter(k, KEEPING_ENDING);
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
		if (k->child.pid)
			kill(k->child.pid, (int)info.ssi_signo);
		break;
	case SIGUSR2:
		begin_upgrade(k);
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

/* What is due at a time, and not on an event. Returns when the next is. */
static uint64_t do_timers(struct keeping *k)
{
	uint64_t now = clock_now();
	uint64_t next = k->stopped_at ? k->stopped_at + k->keeper.limits.hang_ns
				      : CLOCK_NEVER;

	if (now >= next)
		has_hung(k);
	if (k->trial)
		next = k->since + k->keeper.limits.hang_ns;
	if (k->kill_at && now >= k->kill_at) {
		kill(k->child.pid, SIGKILL);
		k->kill_at = CLOCK_NEVER;
	}
	if (k->state == KEEPING_WAITING && now >= k->until &&
	    start_child(k) < 0)
		k->until = now + NS_PER_S;
	if (k->state == KEEPING_WAITING)
		return k->until;
	return k->kill_at ? k->kill_at : next;
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
	go_on_upgrading(k);
}

static int begin(struct keeping *k, const struct options *options, char **argv,
		 char *error, size_t error_size)
{
	int ret = fd_limit_raise(options->guest_count, error, error_size);

	if (ret)
		return ret;
	ret = keeper_init(&k->keeper, &ops, k);
	if (!ret) {
		keeper_set_timeout(&k->keeper,
				   options->launch.keeper_timeout * NS_PER_S);
		ret = child_init(&k->child, argv);
		if (ret)
			keeper_fini(&k->keeper);
	}
	if (ret)
		strlcpy(error, strerror(-ret), error_size);
	return ret;
}

int keeping_run(const struct options *options, char **argv,
		struct launch *launch, char *error, size_t error_size)
{
	struct keeping k = { .launch = launch, .signals = -1, .other_exe = -1 };
	int ret = begin(&k, options, argv, error, error_size);

	if (ret)
		return ret;
	ret = make_signals(&k);
	if (!ret)
		ret = start_child(&k);
	if (ret)
		strlcpy(error, strerror(-ret), error_size);
	while (!ret && k.state != KEEPING_ENDED)
		wait_and_work(&k, do_timers(&k));
	if (!ret && !k.has_served) {
		error[0] = '\0';
		ret = -ECHILD;
	}
	if (k.signals >= 0)
		close(k.signals);
	close_other_exe(&k);
	child_fini(&k.child);
	keeper_fini(&k.keeper);
	return ret;
}
