/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Everything that can happen to a keeper, in each state that it can be held in:
 * what was asked for is done once, and the guest is served.
 */
#include <signal.h>
#include <stdio.h>
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
struct counts {
	unsigned int upgraded, undone, reloaded, counted;
};

static struct counts counts;

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
static const struct state next = { "NEXT_STARTING", "child", SIGUSR2, false };
static const struct state probing = { "PROBING", "probe", SIGUSR2, false };
static const struct state executing = { "RESTING", "keeper", SIGUSR2, false };

static void enter(struct rig *rig, const struct state *state)
{
	const unsigned int pauses =
		daemon_count_log(&rig->daemon, "is started in");

	if (state == &waiting)
		puppet_break(rig);
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
}

static void leave(struct rig *rig, const struct state *state)
{
	if (state->role)
		puppet_release(rig, state->role);
	if (state == &draining)
		send(rig, 1);
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

static const struct event events[] = {
	{ "SIGHUP", ask_to_reload, .kills = false },
	{ "SIGUSR1", ask_to_count, .kills = false },
	{ "SIGUSR2", ask_to_upgrade, .kills = false },
	{ "all three", ask_for_all, .kills = false },
	{ "SIGKILL of the process", kill_child, .kills = true },
	{ "SIGTERM of the process", terminate_child, .kills = true },
	{ "a front end that leaves", disconnect, .kills = false },
	{ "a front end that comes", connect_again, .kills = false },
};

static void check(struct rig *rig, const struct state *state)
{
	unsigned int fds;

	puppet_start(rig, KEYS);
	counts = (struct counts){ .upgraded = 1 };
	settle(rig);
	fds = daemon_fds(&rig->daemon);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		print_message("%s, %s\n", state->name, events[i].name);
		enter(rig, state);
		events[i].happens(rig);
		leave(rig, state);
		if (state == &next && events[i].kills)
			wait_for_the_trial(rig);
		settle(rig);
		daemon_expect_fds(&rig->daemon, fds);
	}
	rig_close(rig, 0);
	copy_stop(rig);
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
	check(rig, &waiting);
}

TEST_WITH(events_while_the_next_is_checked, struct rig *rig)
{
	check(rig, &checking);
}

TEST_WITH(events_while_the_guests_are_stopped, struct rig *rig)
{
	check(rig, &draining);
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
	&serving,  &starting, &waiting, &checking,
	&draining, &next,     &probing, &executing,
};

#define STATES (sizeof(states) / sizeof(states[0]))

/* A process that hangs is killed, whatever is going on. */
TEST_WITH(stopped_process_is_killed_in_each_state, struct rig *rig)
{
	puppet_start(rig, KEYS "\nkeeper-timeout 1");
	rig_open(rig, 0);
	for (size_t i = 0; i < STATES; i++) {
		pid_t child;

		if (states[i] == &serving || states[i] == &waiting)
			continue;
		print_message("%s\n", states[i]->name);
		enter(rig, states[i]);
		child = daemon_child(&rig->daemon);
		if (child)
			process_stop(child);
		leave(rig, states[i]);
		rig_check_loopback(&rig->fronts[0], 10);
	}
	rig_close(rig, 0);
	copy_stop(rig);
}

TEST_WITH(keeper_ends_in_each_state, struct rig *rig)
{
	for (size_t i = 0; i < STATES; i++) {
		print_message("%s\n", states[i]->name);
		puppet_start(rig, KEYS "\nkeeper-timeout 1");
		rig_open(rig, 0);
		enter(rig, states[i]);
		kill(rig->daemon.pid, SIGTERM);
		/* Only this one can do nothing meanwhile. */
		if (states[i] == &executing)
			leave(rig, states[i]);
		assert_int_equal(daemon_wait(&rig->daemon), 0);
		if (states[i]->role)
			puppet_release(rig, states[i]->role);
		rig_close(rig, 0);
		/* What the next one says is waited for. */
		unlink(daemon_file(&rig->daemon, "stderr"));
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	puppet_play(argv);
	return test_run(rig_setup_idle, rig_teardown);
}
