/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Sockets that the daemon is started with: --fd=, fd=, socket activation. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

/* Puts @from at @to, where a daemon that is started finds it. */
static void put_fd(int from, int to)
{
	assert_int_equal(dup2(from, to), to);
	close(from);
}

/* Listens at file @name of the daemon's directory, with descriptor @to. */
static void listen_at(const struct rig *rig, const char *name, int to)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 daemon_file(&rig->daemon, name));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	put_fd(fd, to);
}

/* Of one digit, for the shell; no test program has so many when it starts. */
#define A 8
#define B 9

static void forget_fds(void)
{
	close(A);
	close(B);
}

static struct spi_front *open_at(struct rig *rig, unsigned int slot,
				 const char *name)
{
	struct spi_front_options options = rig_options(rig, slot);
	char path[DAEMON_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, name));
	options.path = path;
	return rig_open_with(rig, slot, &options);
}

static void end(struct rig *rig)
{
	for (unsigned int i = 0; i < RIG_FRONTS; i++)
		if (rig->open[i])
			rig_close(rig, i);
	daemon_stop(&rig->daemon, SIGTERM);
}

TEST_WITH(listening_descriptors_are_served, struct rig *rig)
{
	static const char *const args[] = { "--fd=8", "--fd=9",
					    "--device=sim:loopback", NULL };

	listen_at(rig, "a", A);
	listen_at(rig, "b", B);
	daemon_spawn(&rig->daemon, args);
	forget_fds();
	rig_check_loopback(open_at(rig, 0, "a"), 100);
	rig_check_loopback(open_at(rig, 1, "b"), 100);
	rig_close(rig, 0);
	rig_check_loopback(open_at(rig, 0, "a"), 100);
	daemon_wait_log(&rig->daemon, "guest fd8: is served at descriptor 8",
			1);
	end(rig);
	/* The file is whose the socket is. */
	assert_int_equal(access(daemon_file(&rig->daemon, "a"), F_OK), 0);
}

/* The front end of a connection that is passed */
static struct spi_front *open_pair(struct rig *rig, unsigned int slot, int fd)
{
	struct spi_front_options options = rig_options(rig, slot);

	options.path = NULL;
	options.fd = fd;
	return rig_open_with(rig, slot, &options);
}

TEST_WITH(daemon_ends_with_the_front_end_of_its_connection, struct rig *rig)
{
	static const char *const args[] = { "--fd=8", "--device=sim:loopback",
					    NULL };
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	put_fd(ends[0], A);
	daemon_spawn(&rig->daemon, args);
	forget_fds();
	rig_check_loopback(open_pair(rig, 0, ends[1]), 100);
	rig_close(rig, 0);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	daemon_wait_log(&rig->daemon, "ending after the last front end", 1);
}

TEST_WITH(connection_and_socket_are_told_apart, struct rig *rig)
{
	static const char *const args[] = {
		"--guest=name=a,fd=8,device=sim:loopback",
		"--guest=name=b,fd=9,device=sim:loopback", NULL
	};
	int ends[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	put_fd(ends[0], A);
	listen_at(rig, "b", B);
	daemon_spawn(&rig->daemon, args);
	forget_fds();
	rig_check_loopback(open_pair(rig, 0, ends[1]), 100);
	rig_check_loopback(open_at(rig, 1, "b"), 100);
	rig_close(rig, 0);
	rig_check_loopback(&rig->fronts[1], 100);
	end(rig);
}

/* Starts it as a service manager does. */
static void activate(struct rig *rig, const char *names,
		     const char *const *args)
{
	char path[DAEMON_PATH_MAX + 16];
	const char *all[16] = { names };
	const char *before = getenv("VHOST_DEVICE_SPI");
	char *saved = before ? strdup(before) : NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "run"));
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
		"#!/bin/sh\n"
		"export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=$1\n"
		"shift\n"
		"exec %s \"$@\" 3<&%d 4<&%d\n",
		daemon_binary(), A, B);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	for (unsigned int i = 0; args[i]; i++)
		all[i + 1] = args[i];
	setenv("VHOST_DEVICE_SPI", path, 1);
	daemon_spawn(&rig->daemon, all);
	if (saved)
		setenv("VHOST_DEVICE_SPI", saved, 1);
	else
		unsetenv("VHOST_DEVICE_SPI");
	free(saved);
	forget_fds();
}

TEST_WITH(sockets_of_a_service_manager_name_the_guests, struct rig *rig)
{
	static const char *const args[] = { "--device=sim:loopback", NULL };

	listen_at(rig, "a", A);
	listen_at(rig, "b", B);
	activate(rig, "logger:panel", args);
	rig_check_loopback(open_at(rig, 0, "a"), 100);
	rig_check_loopback(open_at(rig, 1, "b"), 100);
	daemon_wait_log(&rig->daemon,
			"guest logger: is served at descriptor logger", 1);
	daemon_wait_log(&rig->daemon,
			"guest panel: is served at descriptor panel", 1);
	end(rig);
}

TEST_WITH(sockets_of_one_name_are_served_each, struct rig *rig)
{
	static const char *const args[] = { "--device=sim:loopback", NULL };

	listen_at(rig, "a", A);
	listen_at(rig, "b", B);
	activate(rig, "vspi.socket:vspi.socket", args);
	rig_check_loopback(open_at(rig, 0, "a"), 100);
	rig_check_loopback(open_at(rig, 1, "b"), 100);
	end(rig);
}

/* A guest of the file comes, goes and changes as others do. */
TEST_WITH(file_names_sockets_of_a_service_manager, struct rig *rig)
{
	char path[DAEMON_PATH_MAX + 16];
	const char *args[] = { "--config", path, NULL };

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	config_write(rig, "guest fd=panel,device=sim:loopback\n");
	listen_at(rig, "a", A);
	listen_at(rig, "b", B);
	activate(rig, "logger:panel", args);
	rig_check_loopback(open_at(rig, 1, "b"), 100);
	daemon_wait_log(&rig->daemon, "descriptor 3, logger: no guest uses it",
			1);

	config_write(rig, "guest fd=panel,device=sim:loopback,weight=2\n"
			  "guest fd=logger,device=sim:loopback\n");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read, serving 2 guests",
			1);
	rig_close(rig, 1);
	rig_check_loopback(open_at(rig, 1, "b"), 100);
	rig_check_loopback(open_at(rig, 0, "a"), 100);

	config_write(rig, "guest fd=panel,device=sim:loopback,weight=2\n"
			  "guest fd=nobody,device=sim:loopback\n");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon,
			"nothing was changed: socket descriptor nobody: it was "
			"not passed at the start",
			1);
	rig_check_loopback(&rig->fronts[1], 100);
	end(rig);
}

/* Each ends the start with one line. */
TEST_WITH(descriptors_that_cannot_be_used_end_the_start, struct rig *rig)
{
	static const struct {
		const char *args[5];
		const char *line;
	} rows[] = {
		{ { "--fd=43", "--device=sim:loopback" },
		  "descriptor 43: is not open\n" },
		{ { "--fd=8", "--device=sim:loopback" },
		  "descriptor 8: is not a Unix stream socket\n" },
		{ { "--fd=9", "--device=sim:loopback" },
		  "descriptor 9: neither listens nor is connected\n" },
		{ { "--fd=2", "--device=sim:loopback" },
		  "--fd=2 is not a number from 3, or a name\n" },
		{ { "--fd=nobody", "--device=sim:loopback" },
		  "descriptor nobody: was not passed at the start\n" },
		{ { "--fd=8", "--fd=8", "--device=sim:loopback" },
		  "is guest fd8's already\n" },
		{ { "--fd=8", "--socket-path=a", "--device=sim:loopback" },
		  "--fd and --socket-path exclude each other\n" },
		{ { "--fd=8" }, "--device=SPEC is missing\n" },
	};
	int null = open("/dev/null", O_RDWR);

	put_fd(null, A);
	put_fd(socket(AF_UNIX, SOCK_STREAM, 0), B);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		daemon_expect_refusal(&rig->daemon, rows[i].args, rows[i].line);
	forget_fds();
}

TEST_WITH(descriptor_outlives_the_way_to_the_background, struct rig *rig)
{
	char pid_file[DAEMON_PATH_MAX + 32];
	const char *args[] = { "--fd=8", "--device=sim:loopback", "--daemon",
			       pid_file, NULL };
	FILE *file;
	int pid;

	snprintf(pid_file, sizeof(pid_file), "--pidfile=%s",
		 daemon_file(&rig->daemon, "pid"));
	listen_at(rig, "a", A);
	daemon_spawn(&rig->daemon, args);
	forget_fds();
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	rig_check_loopback(open_at(rig, 0, "a"), 100);
	rig_close(rig, 0);
	file = fopen(daemon_file(&rig->daemon, "pid"), "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	kill(pid, SIGTERM);
	while (process_is_running(pid))
		process_sleep_ms(2);
}

TEST_MAIN(rig_setup_idle, rig_teardown)
