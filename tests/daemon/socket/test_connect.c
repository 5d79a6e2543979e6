/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Front ends that listen: --connect=, connect=. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/daemon/monitor.h"
#include "tests/lib/test.h"

static char option[DAEMON_PATH_MAX + 32];

/* --connect= with file @name of the daemon's directory */
static const char *connect_to(const struct rig *rig, const char *name)
{
	snprintf(option, sizeof(option), "--connect=%s",
		 daemon_file(&rig->daemon, name));
	return option;
}

static void start(struct rig *rig)
{
	const char *args[] = { connect_to(rig, "vm"), "--device=sim:loopback",
			       NULL };

	daemon_spawn(&rig->daemon, args);
	daemon_wait_log(&rig->daemon, "guest 0: connects to ", 1);
}

TEST_WITH(monitor_may_be_there_first, struct rig *rig)
{
	int listener = monitor_listen(rig, "vm");

	start(rig);
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	daemon_wait_log(&rig->daemon, "guest 0: front end connected: process",
			1);
	close(listener);
}

TEST_WITH(monitor_may_come_later, struct rig *rig)
{
	int listener;

	start(rig);
	listener = monitor_listen(rig, "vm");
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	close(listener);
}

TEST_WITH(monitor_may_come_again, struct rig *rig)
{
	int listener = monitor_listen(rig, "vm");

	start(rig);
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	rig_close(rig, 0);
	rig_check_loopback(monitor_open(rig, 0, listener), 100);

	/* Another process, and another socket of the same name */
	close(listener);
	unlink(daemon_file(&rig->daemon, "vm"));
	rig_close(rig, 0);
	listener = monitor_listen(rig, "vm");
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	close(listener);
	/* The socket's file is the monitor's. */
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_int_equal(access(daemon_file(&rig->daemon, "vm"), F_OK), 0);
}

TEST_WITH(one_connection_at_a_time_is_made, struct rig *rig)
{
	int listener = monitor_listen(rig, "vm");
	struct pollfd fd = { .fd = listener, .events = POLLIN };

	start(rig);
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	assert_int_equal(poll(&fd, 1, 300), 0);
	rig_check_loopback(&rig->fronts[0], 100);
	close(listener);
}

TEST_WITH(guests_that_connect_come_and_go, struct rig *rig)
{
	char path[DAEMON_PATH_MAX + 16];
	const char *args[] = { "--config", path, NULL };
	int a = monitor_listen(rig, "a"), b = monitor_listen(rig, "b");

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	config_write(rig, "guest connect=%s/a,device=sim:loopback\n");
	daemon_spawn(&rig->daemon, args);
	rig_check_loopback(monitor_open(rig, 0, a), 100);

	config_write(rig, "guest connect=%s/a,device=sim:loopback\n"
			  "guest name=b,connect=%s/b,device=sim:loopback\n");
	kill(rig->daemon.pid, SIGHUP);
	rig_check_loopback(monitor_open(rig, 1, b), 100);
	daemon_wait_log(&rig->daemon, "guest b: connects from now on, to ", 1);
	rig_check_loopback(&rig->fronts[0], 100);

	/* One that is described anew connects anew. */
	config_write(rig, "guest name=b,connect=%s/b,device=sim:loopback,"
			  "weight=2\n");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read, serving 1 guest", 1);
	rig_close(rig, 1);
	rig_check_loopback(monitor_open(rig, 1, b), 100);
	rig_close(rig, 0);
	rig_close(rig, 1);
	daemon_stop(&rig->daemon, SIGTERM);
	close(a);
	close(b);
}

TEST_WITH(monitor_of_another_user_is_refused, struct rig *rig)
{
	char guest[DAEMON_PATH_MAX + 80];
	const char *args[] = { guest, NULL };
	int listener = monitor_listen(rig, "vm");

	snprintf(guest, sizeof(guest),
		 "--guest=name=a,connect=%s,device=sim:loopback,peer-uid=%u",
		 daemon_file(&rig->daemon, "vm"), (unsigned int)getuid() + 1);
	daemon_spawn(&rig->daemon, args);
	monitor_expect_end(monitor_accept(listener));
	daemon_wait_log(&rig->daemon, "guest a: refused a front end: process",
			1);
	/* The next one may be another. */
	monitor_expect_end(monitor_accept(listener));
	close(listener);
}

TEST_WITH(what_is_in_the_way_is_told_once, struct rig *rig)
{
	const char *why = "guest 0: a front end has to wait: connect: ";
	int listener = monitor_listen_as(rig, "vm", SOCK_DGRAM);

	start(rig);
	daemon_wait_log(&rig->daemon, why, 1);
	close(listener);
	unlink(daemon_file(&rig->daemon, "vm"));
	listener = monitor_listen(rig, "vm");
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	assert_int_equal(daemon_count_log(&rig->daemon, why), 1);
	close(listener);
}

/* Each ends the start with one line. */
TEST_WITH(contradictions_end_the_start, struct rig *rig)
{
	static const struct {
		const char *args[5];
		const char *line;
	} rows[] = {
		{ { "--connect=", "--device=sim:loopback" },
		  "--connect= is not a path of 1 to 107 bytes\n" },
		{ { "--connect=a", "--socket-path=b", "--device=sim:loopback" },
		  "--connect and --socket-path exclude each other\n" },
		{ { "--connect=a" }, "--device=SPEC is missing\n" },
		{ { "--connect=a", "--socket-count=2",
		    "--device=sim:loopback" },
		  "--socket-count needs --socket-path\n" },
		{ { "--connect=a", "--connect=a", "--device=sim:loopback" },
		  "is guest 0's already\n" },
		{ { "--guest=connect=a,socket=b,device=sim:loopback" },
		  "socket=b is the second socket=\n" },
		{ { "--guest=socket=b,connect=a,device=sim:loopback" },
		  "connect=a: it has a socket=, fd= or connect= already\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		daemon_expect_refusal(&rig->daemon, rows[i].args, rows[i].line);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
