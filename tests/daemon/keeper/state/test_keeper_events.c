/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Everything that can happen to a keeper, in each state that it can be held in:
 * what was asked for is done once, and the guest is served.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/keeper/puppet.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

/* A chip is held until its message is over: the ring is not stopped before. */
#define KEYS ",cs=spec,cs-hold=10000"

static const char *const upgraded = ": upgraded";
static const char *const undone = "not upgraded: the new process ended";
static const char *const succeeded = "the keeper runs the new binary";
static const char *const reloaded = "configuration read";
static const char *const counted = ", upgrades ";

/* How often each was to be in the log by now */
static struct counts {
	unsigned int upgraded, undone, reloaded, counted;
} counts;

static void ask(const struct rig *rig, int signal)
{
	kill(rig->daemon.pid, signal);
	counts.upgraded += signal == SIGUSR2;
	counts.reloaded += signal == SIGHUP;
	counts.counted += signal == SIGUSR1;
}

static void send(struct rig *rig, uint8_t cs_change)
{
	const uint8_t byte = 0;
	struct spi_front_request request = { rig_head(0), &byte, 1, NULL, 0 };
	struct spi_front_result result;
	uint16_t id;

	if (!rig->open[0])
		return;
	request.head.cs_change = cs_change;
	assert_int_equal(spi_front_submit(&rig->fronts[0], &request, NULL, &id),
			 0);
	assert_int_equal(spi_front_wait(&rig->fronts[0], id, &result), 0);
}

struct state {
	const char *name;
	const char *role; /* of the process that is held; NULL: none */
	int begins;	  /* the signal that leads there, if any, and whether */
	bool by_child;	  /* the process that serves gets it */
};

static const struct state serving = { "SERVING", NULL, 0, false };
static const struct state starting = { "STARTING", "child", SIGKILL, true };
static const struct state waiting = { "WAITING", NULL, SIGKILL, true };
static const struct state checking = { "checking", "check", SIGUSR2, false };
static const struct state draining = { "DRAINING", NULL, SIGUSR2, false };
static const struct state replacing = { "REPLACING", NULL, SIGUSR2, false };
static const struct state trial = { "TRIAL", NULL, SIGUSR2, false };
static const struct state next = { "STARTING, on trial", "child", SIGUSR2,
				   false };
static const struct state probing = { "PROBING", "probe", SIGUSR2, false };
static const struct state executing = { "RESTING", "keeper", SIGUSR2, false };

/* Starts a puppet whose threads can be held. */
static void start(struct rig *rig, const char *keys)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* Otherwise a trial is over when it is. */
	assert_int_equal(process_preload("hold-shim.so"), 0);
#endif
	setenv("HOLD_FILE", daemon_file(&rig->daemon, "hold-threads"), 1);
	puppet_start(rig, keys);
	process_preload(NULL);
}

/* The same, and a process that hangs is found soon. */
static void start_quick(struct rig *rig)
{
	char keys[80];

	snprintf(keys, sizeof(keys), KEYS "\nkeeper-timeout %u",
		 killer_hang_timeout());
	start(rig, keys);
}

/* Waits until the serving process has been told to end. */
static void wait_for_sigterm(const struct rig *rig)
{
	const int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	unsigned long long pending = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status",
		 (int)daemon_child(&rig->daemon));
	while (!(pending >> (SIGTERM - 1) & 1)) {
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(1);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			sscanf(line, "ShdPnd: %llx", &pending);
		assert_non_null(file);
		fclose(file);
	}
}

static void enter(struct rig *rig, const struct state *state)
{
	const unsigned int pauses =
		daemon_count_log(&rig->daemon, "is started in");
	const unsigned int starts =
		daemon_count_log(&rig->daemon, "serving 1 guest");

	if (state == &waiting)
		puppet_break(rig);
	if (state == &trial)
		puppet_hold(rig, "threads");
	/* Without a front end there is nothing to be drained. */
	if (state == &replacing) {
		rig_close(rig, 0);
		process_stop(daemon_child(&rig->daemon));
	}
	if (state == &draining)
		send(rig, 0);
	if (state->role)
		puppet_hold(rig, state->role);
	if (state->by_child)
		kill(daemon_child(&rig->daemon), state->begins);
	else if (state->begins)
		ask(rig, state->begins);
	if (state->role)
		puppet_wait(rig, state->role);
	/* The pause goes on. */
	if (state == &waiting) {
		daemon_wait_log(&rig->daemon, "is started in", pauses + 1);
		puppet_mend(rig);
	}
	if (state == &draining)
		process_sleep_ms(50);
	if (state == &replacing)
		wait_for_sigterm(rig);
	if (state == &trial)
		daemon_wait_log(&rig->daemon, "serving 1 guest", starts + 1);
}

static void leave(struct rig *rig, const struct state *state)
{
	if (state->role)
		puppet_release(rig, state->role);
	if (state == &draining)
		send(rig, 1);
	if (state == &trial)
		puppet_release(rig, "threads");
	if (state == &replacing && daemon_child(&rig->daemon))
		kill(daemon_child(&rig->daemon), SIGCONT);
}

static void expect_count(const struct rig *rig, const char *what,
			 unsigned int count)
{
	daemon_wait_log(&rig->daemon, what, count);
	if (daemon_count_log(&rig->daemon, what) > count)
		fail_msg("\"%s\" more than %u times: %s", what, count,
			 daemon_stderr(&rig->daemon));
}

/* A process on trial that is killed may have passed before. */
static void wait_for_the_trial(const struct rig *rig)
{
	const unsigned int count = counts.upgraded + counts.undone;
	const int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	do {
		process_sleep_ms(1);
		assert_true(deadline_left(deadline) > 0);
		counts.upgraded = daemon_count_log(&rig->daemon, upgraded);
		counts.undone = daemon_count_log(&rig->daemon, undone);
	} while (counts.upgraded + counts.undone < count);
}

/* All was done, and there is one process. */
static void settle(struct rig *rig)
{
	const int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	expect_count(rig, upgraded, counts.upgraded);
	expect_count(rig, undone, counts.undone);
	expect_count(rig, succeeded, counts.upgraded);
	expect_count(rig, reloaded, counts.reloaded);
	expect_count(rig, counted, counts.counted);
	if (!rig->open[0])
		rig_open(rig, 0);
	rig_check_loopback(&rig->fronts[0], 10);
	rig_check_control(&rig->fronts[0]);
	/* So long it serves before a crash is no failure to start. */
	process_sleep_ms(10);
	while (daemon_children(&rig->daemon) != 1) {
		assert_true(deadline_left(deadline) > 0);
		process_sleep_ms(1);
	}
}

static void ask_to_reload(struct rig *rig)
{
	ask(rig, SIGHUP);
}

static void ask_to_count(struct rig *rig)
{
	ask(rig, SIGUSR1);
}

static void ask_to_upgrade(struct rig *rig)
{
	ask(rig, SIGUSR2);
}

static void ask_for_all(struct rig *rig)
{
	ask(rig, SIGHUP);
	ask(rig, SIGUSR1);
	ask(rig, SIGUSR2);
}

static void end_child(const struct rig *rig, int signal)
{
	const pid_t child = daemon_child(&rig->daemon);

	if (child)
		kill(child, signal);
}

static void kill_child(struct rig *rig)
{
	end_child(rig, SIGKILL);
}

static void terminate_child(struct rig *rig)
{
	end_child(rig, SIGTERM);
}

static void disconnect(struct rig *rig)
{
	rig_close(rig, 0);
}

/* The front end of before, which must not be in the middle of something. */
static void connect_again(struct rig *rig)
{
	rig_close(rig, 0);
	rig_connect(rig, 0);
	rig_close(rig, 0);
}

struct event {
	const char *name;
	void (*happens)(struct rig *rig);
	bool kills;
};

#define EVENTS 8

static const struct event events[EVENTS] = {
	{ "SIGHUP", ask_to_reload, .kills = false },
	{ "SIGUSR1", ask_to_count, .kills = false },
	{ "SIGUSR2", ask_to_upgrade, .kills = false },
	{ "all three", ask_for_all, .kills = false },
	{ "SIGKILL of the process", kill_child, .kills = true },
	{ "SIGTERM of the process", terminate_child, .kills = true },
	{ "a front end that leaves", disconnect, .kills = false },
	{ "a front end that comes", connect_again, .kills = false },
};

static void begin(struct rig *rig)
{
	start(rig, KEYS);
	counts = (struct counts){ .upgraded = 1 };
	settle(rig);
}

static void happen(struct rig *rig, const struct state *state,
		   const struct event *event)
{
	print_message("%s, %s\n", state->name, event->name);
	enter(rig, state);
	event->happens(rig);
	leave(rig, state);
	if ((state == &next || state == &trial) && event->kills)
		wait_for_the_trial(rig);
}

static void check(struct rig *rig, const struct state *state)
{
	unsigned int fds;

	begin(rig);
	fds = daemon_fds(&rig->daemon);
	for (size_t i = 0; i < EVENTS; i++) {
		happen(rig, state, &events[i]);
		settle(rig);
		daemon_expect_fds(&rig->daemon, fds);
	}
	rig_close(rig, 0);
	copy_stop(rig);
}

/* Makes more rigs beside that of the test, for what takes its time. */
static void make_rigs(struct rig **rigs, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++) {
		void *rig;

		rig_setup_idle(&rig);
		rigs[i] = rig;
	}
}

static void end_rigs(struct rig **rigs, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++) {
		void *rig = rigs[i];

		rig_teardown(&rig);
	}
}

/* The same, with a daemon for each event: all wait at the same time. */
static void check_at_once(struct rig *rig, const struct state *state)
{
	struct rig *rigs[EVENTS] = { rig };
	struct counts all[EVENTS];
	unsigned int fds[EVENTS];

	make_rigs(rigs, EVENTS);
	for (size_t i = 0; i < EVENTS; i++) {
		begin(rigs[i]);
		fds[i] = daemon_fds(&rigs[i]->daemon);
		happen(rigs[i], state, &events[i]);
		all[i] = counts;
	}
	for (size_t i = 0; i < EVENTS; i++) {
		counts = all[i];
		settle(rigs[i]);
		daemon_expect_fds(&rigs[i]->daemon, fds[i]);
		rig_close(rigs[i], 0);
		copy_stop(rigs[i]);
	}
	end_rigs(rigs, EVENTS);
}

TEST_WITH(events_while_it_serves, struct rig *rig)
{
	check(rig, &serving);
}

TEST_WITH(events_while_it_starts, struct rig *rig)
{
	check(rig, &starting);
}

TEST_WITH(events_while_it_waits, struct rig *rig)
{
	check_at_once(rig, &waiting);
}

TEST_WITH(events_while_the_next_is_checked, struct rig *rig)
{
	check(rig, &checking);
}

TEST_WITH(events_while_the_guests_are_stopped, struct rig *rig)
{
	check(rig, &draining);
}

TEST_WITH(events_while_the_process_is_about_to_end, struct rig *rig)
{
	check(rig, &replacing);
}

TEST_WITH(events_while_the_next_is_on_trial, struct rig *rig)
{
	check(rig, &trial);
}

TEST_WITH(events_while_the_next_starts, struct rig *rig)
{
	check(rig, &next);
}

TEST_WITH(events_while_the_keeper_is_tried, struct rig *rig)
{
	check(rig, &probing);
}

TEST_WITH(events_while_the_keeper_is_replaced, struct rig *rig)
{
	check(rig, &executing);
}

static const struct state *const states[] = {
	&serving,   &starting, &waiting, &checking, &draining,
	&replacing, &next,     &trial,	 &probing,  &executing,
};

#define STATES (sizeof(states) / sizeof(states[0]))

/* A process that hangs is killed, whatever is going on. */
TEST_WITH(stopped_process_is_killed_in_each_state, struct rig *rig)
{
	struct rig *rigs[STATES] = { rig };

	make_rigs(rigs, STATES);
	for (size_t i = 0; i < STATES; i++) {
		pid_t child;

		print_message("%s\n", states[i]->name);
		start_quick(rigs[i]);
		rig_open(rigs[i], 0);
		enter(rigs[i], states[i]);
		child = daemon_child(&rigs[i]->daemon);
		if (child && states[i] != &replacing)
			process_stop(child);
		if (states[i] != &replacing)
			leave(rigs[i], states[i]);
	}
	for (size_t i = 0; i < STATES; i++) {
		if (!rigs[i]->open[0])
			rig_open(rigs[i], 0);
		rig_check_loopback(&rigs[i]->fronts[0], 10);
		rig_close(rigs[i], 0);
		copy_stop(rigs[i]);
	}
	end_rigs(rigs, STATES);
}

TEST_WITH(keeper_ends_in_each_state, struct rig *rig)
{
	struct rig *rigs[STATES] = { rig };

	make_rigs(rigs, STATES);
	for (size_t i = 0; i < STATES; i++) {
		print_message("%s\n", states[i]->name);
		start_quick(rigs[i]);
		rig_open(rigs[i], 0);
		enter(rigs[i], states[i]);
		kill(rigs[i]->daemon.pid, SIGTERM);
		/* Only this one can do nothing meanwhile. */
		if (states[i] == &executing)
			leave(rigs[i], states[i]);
	}
	for (size_t i = 0; i < STATES; i++) {
		assert_int_equal(daemon_wait(&rigs[i]->daemon), 0);
		rig_close(rigs[i], 0);
	}
	end_rigs(rigs, STATES);
}

int main(int argc, char **argv)
{
	(void)argc;
	puppet_play(argv);
	return test_run(rig_setup_idle, rig_teardown);
}
