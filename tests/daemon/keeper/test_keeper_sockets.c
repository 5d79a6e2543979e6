/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Sockets that are links, or were inherited, while processes are replaced. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/daemon/monitor.h"
#include "tests/lib/keeper/copy.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"

#define FD 8

static void start(struct rig *rig, const char *config, int fd)
{
	char path[DAEMON_PATH_MAX + 16];
	const char *args[] = { "--config", path, "--keeper", NULL };

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	config_write(rig, config);
	assert_int_equal(dup2(fd, FD), FD);
	close(fd);
	daemon_spawn(&rig->daemon, args);
	close(FD);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
}

static int listening_socket(const struct rig *rig)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 daemon_socket(&rig->daemon, 0));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void upgrade(struct rig *rig)
{
	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary, too", 1);
}

/* @front is served after a crash and after an upgrade, keeper included. */
static void outlive(struct rig *rig, struct spi_front *front)
{
	killer_crash(&rig->daemon, SIGKILL);
	rig_check_loopback(front, 100);
	daemon_wait_log(&rig->daemon, "the guests are served again", 1);
	upgrade(rig);
	rig_check_loopback(front, 100);
}

TEST_WITH(listening_descriptor_outlives_all_processes, struct rig *rig)
{
	struct spi_front *front;

	start(rig, "guest fd=8,device=sim:loopback\n", listening_socket(rig));
	front = rig_open(rig, 0);
	outlive(rig, front);

	/* The next keeper has it, too, for a guest that is described anew. */
	config_write(rig, "guest fd=8,device=sim:loopback,weight=2\n");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read, serving 1 guest", 1);
	rig_close(rig, 0);
	rig_check_loopback(rig_open(rig, 0), 100);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
}

TEST_WITH(connection_outlives_all_processes, struct rig *rig)
{
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	start(rig, "guest fd=8,device=sim:loopback\n", ends[0]);
	options.path = NULL;
	options.fd = ends[1];
	front = rig_open_with(rig, 0, &options);
	outlive(rig, front);
	rig_close(rig, 0);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	assert_non_null(strstr(daemon_stderr(&rig->daemon),
			       "ending after the last front end"));
}

static const char *const link_args[] = { "--device=sim:loopback", "--keeper",
					 NULL };

static bool leads(const struct rig *rig)
{
	char text[64] = "";

	return readlink(rig->daemon.socket, text, sizeof(text) - 1) > 0 &&
	       !strcmp(text, "sock0");
}

static struct spi_front *start_linked(struct rig *rig)
{
	struct spi_front_options options = rig_options(rig, 0);

	daemon_start(&rig->daemon, 1, link_args);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
	assert_true(leads(rig));
	options.path = rig->daemon.socket;
	return rig_open_with(rig, 0, &options);
}

static void stop_linked(struct rig *rig)
{
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_false(leads(rig));
}

TEST_WITH(alias_outlives_the_serving_process, struct rig *rig)
{
	struct spi_front *front = start_linked(rig);

	killer_crash(&rig->daemon, SIGKILL);
	daemon_wait_log(&rig->daemon, "the guests are served again", 1);
	rig_check_loopback(front, 100);
	assert_true(leads(rig));
	stop_linked(rig);
}

TEST_WITH(alias_outlives_the_keepers_binary, struct rig *rig)
{
	struct spi_front *front = start_linked(rig);

	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary, too", 1);
	rig_check_loopback(front, 100);
	assert_true(leads(rig));
	stop_linked(rig);
}

/* The next one makes it again. */
TEST_WITH(alias_that_was_removed_comes_back_with_the_next_process,
	  struct rig *rig)
{
	struct spi_front *front = start_linked(rig);

	assert_int_equal(unlink(rig->daemon.socket), 0);
	killer_crash(&rig->daemon, SIGKILL);
	daemon_wait_log(&rig->daemon, "the guests are served again", 1);
	assert_true(leads(rig));
	rig_check_loopback(front, 100);
	stop_linked(rig);
}

/* The keeper connects, and remembers to. */
TEST_WITH(listening_monitor_outlives_all_processes, struct rig *rig)
{
	int listener = monitor_listen(rig, "vm");
	struct spi_front *front;

	start(rig, "guest connect=%s/vm,device=sim:loopback\n", dup(listener));
	front = monitor_open(rig, 0, listener);
	rig_check_loopback(front, 100);
	outlive(rig, front);
	rig_close(rig, 0);
	rig_check_loopback(monitor_open(rig, 0, listener), 100);

	/* While there is no monitor */
	rig_close(rig, 0);
	close(listener);
	unlink(daemon_file(&rig->daemon, "vm"));
	kill(rig->daemon.pid, SIGUSR2);
	daemon_wait_log(&rig->daemon, "the keeper runs the new binary, too", 2);
	listener = monitor_listen(rig, "vm");
	rig_check_loopback(monitor_open(rig, 0, listener), 100);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	close(listener);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
