/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Whose front ends are served: peer-uid= and peer-gid= */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/test.h"

/* "%u" in @config are a user and a group. */
static void write_config(struct rig *rig, unsigned int user, unsigned int group)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "guest name=open,socket=%%s/open,device=sim:loopback\n"
		 "guest name=mine,socket=%%s/mine,device=sim:loopback,"
		 "peer-uid=%u,peer-gid=%u\n",
		 user, group);
	config_write(rig, text);
}

static void start(struct rig *rig)
{
	char path[DAEMON_PATH_MAX + 8];
	const char *args[] = { "--config", path, NULL };

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	daemon_spawn(&rig->daemon, args);
	daemon_wait_log(&rig->daemon, "serving 2 guests", 1);
}

/* The line of the log that tells of this process */
static void expect_line(struct rig *rig, const char *what)
{
	char line[160];

	snprintf(line, sizeof(line), "%s: process %d, user %u, group %u\n",
		 what, (int)getpid(), (unsigned int)geteuid(),
		 (unsigned int)getegid());
	daemon_wait_log(&rig->daemon, line, 1);
}

/* Connects, and waits until that is ended. */
static void connect_in_vain(struct rig *rig, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd hangup = { .fd = fd };
	char byte;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 daemon_file(&rig->daemon, name));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	assert_int_equal(poll(&hangup, 1, DAEMON_TIMEOUT_MS), 1);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

TEST_WITH(front_end_is_logged_with_its_process, struct rig *rig)
{
	write_config(rig, geteuid(), getegid());
	start(rig);
	rig_check_loopback(config_open(rig, 0, "open"), 10);
	expect_line(rig, "open: front end connected");
	rig_check_loopback(config_open(rig, 1, "mine"), 10);
	expect_line(rig, "mine: front end connected");
	connect_in_vain(rig, "mine");
	expect_line(rig, "mine: a second front end was turned away");
}

TEST_WITH(front_end_of_another_user_is_refused, struct rig *rig)
{
	write_config(rig, geteuid() + 1, getegid());
	start(rig);
	connect_in_vain(rig, "mine");
	expect_line(rig, "mine: refused a front end");
	rig_check_loopback(config_open(rig, 0, "open"), 10);
}

TEST_WITH(front_end_of_another_group_is_refused, struct rig *rig)
{
	write_config(rig, geteuid(), getegid() + 1);
	start(rig);
	connect_in_vain(rig, "mine");
	expect_line(rig, "mine: refused a front end");
	rig_check_loopback(config_open(rig, 0, "open"), 10);
}

TEST_WITH(reload_ends_the_connection_of_who_may_connect_no_more,
	  struct rig *rig)
{
	write_config(rig, geteuid(), getegid());
	start(rig);
	rig_check_loopback(config_open(rig, 0, "open"), 10);
	rig_check_loopback(config_open(rig, 1, "mine"), 10);
	write_config(rig, geteuid() + 1, getegid());
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read", 1);
	connect_in_vain(rig, "mine");
	rig_check_loopback(&rig->fronts[0], 10);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
