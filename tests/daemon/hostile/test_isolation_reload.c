/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guests come and go with the configuration file, in the middle of whatever
 * they do, while another is served, byte for byte, on the same bus.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/hostile/attack.h"
#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/steady.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

#define RELOADS 20

/* The victim's chips, and an attacker's, on one bus. */
#define VICTIM                                                            \
	"guest name=b,socket=%s/b,"                                       \
	"device=sim:loopback,bus=x,timing=real,"                          \
	"device=sim:nor,size=64k,bus=x,timing=real,cs=nor,cs-hold=10000," \
	"max-message=60000\n"
#define ATTACKED                                                       \
	"guest name=a,socket=%s/a,"                                    \
	"device=sim:loopback,bus=x,timing=real,cs=spec,cs-hold=10000," \
	"max-message=50\n"

static void exchange(struct steady *victim)
{
	if (steady_exchange(victim))
		fail_msg("%s", victim->error);
}

/* The victim does not wait for it. */
static void wait_socket(struct rig *rig, const char *name, bool listens,
			struct steady *victim)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);
	char path[DAEMON_PATH_MAX + 12];

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, name));
	while (daemon_listens(path) != listens) {
		if (!deadline_left(deadline))
			fail_msg("%s: %s", path, daemon_stderr(&rig->daemon));
		if (victim)
			exchange(victim);
		else
			usleep(2000);
	}
}

static void reload(struct rig *rig, bool attacked, struct steady *victim)
{
	config_write(rig, attacked ? VICTIM ATTACKED : VICTIM);
	kill(rig->daemon.pid, SIGHUP);
	wait_socket(rig, "a", attacked, victim);
}

static void start(struct rig *rig, struct steady *victim)
{
	char path[DAEMON_PATH_MAX + 12];
	const char *const args[] = { "--config", path, NULL };

	config_write(rig, VICTIM);
	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	daemon_spawn(&rig->daemon, args);
	wait_socket(rig, "b", true, NULL);
	if (steady_begin(victim, config_open(rig, 0, "b")))
		fail_msg("%s", victim->error);
}

/* The socket is the first to go. */
static void wait_resources(struct rig *rig, unsigned int fds,
			   unsigned int threads, struct steady *victim)
{
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	while (deadline_left(deadline) &&
	       (daemon_fds(&rig->daemon) != fds ||
		daemon_threads(&rig->daemon) != threads))
		exchange(victim);
	daemon_expect_fds(&rig->daemon, fds);
	assert_int_equal(daemon_threads(&rig->daemon), threads);
}

/* The guest is taken away under an attacker, which may be anywhere in it. */
static void endure(struct rig *rig, const char *name)
{
	unsigned int fds, threads;
	struct steady victim;

	start(rig, &victim);
	fds = daemon_fds(&rig->daemon);
	threads = daemon_threads(&rig->daemon);
	for (unsigned int i = 0; i < RELOADS; i++) {
		struct attacker attacker;
		char path[DAEMON_PATH_MAX + 12];

		reload(rig, true, &victim);
		snprintf(path, sizeof(path), "%s",
			 daemon_file(&rig->daemon, "a"));
		assert_int_equal(
			attack_start(&attacker, attack_find(name), path, 0), 0);
		while (!attack_rounds(&attacker))
			exchange(&victim);
		reload(rig, false, &victim);
		attack_stop(&attacker);
	}
	wait_resources(rig, fds, threads, &victim);
	latency_clear(&victim.latency);
}

static void guest_that_floods_is_taken_away(void **state)
{
	endure(*state, "flooding_requests");
}

static void guest_that_holds_its_chip_is_taken_away(void **state)
{
	endure(*state, "idle_hold");
}

static void guest_that_never_ends_a_message_is_taken_away(void **state)
{
	endure(*state, "endless_message");
}

static void guest_that_reconnects_is_taken_away(void **state)
{
	endure(*state, "reconnects");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IDLE(guest_that_floods_is_taken_away),
		RIG_TEST_IDLE(guest_that_holds_its_chip_is_taken_away),
		RIG_TEST_IDLE(guest_that_never_ends_a_message_is_taken_away),
		RIG_TEST_IDLE(guest_that_reconnects_is_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
