/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The path of --socket-path as a second name of the only socket. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/test.h"

static const char *const args[] = { "--device=sim:loopback", NULL };

/* What the link at @path leads to; "": there is none. */
static const char *target(const char *path)
{
	static char text[64];
	ssize_t len = readlink(path, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void start(struct rig *rig, unsigned int sockets)
{
	daemon_start(&rig->daemon, sockets, args);
	daemon_wait_log(&rig->daemon, "serving", 1);
}

static struct spi_front *open_path(struct rig *rig, const char *path)
{
	struct spi_front_options options = rig_options(rig, 0);

	options.path = path;
	return rig_open_with(rig, 0, &options);
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

TEST_WITH(path_leads_to_the_only_socket, struct rig *rig)
{
	const char *path = rig->daemon.socket;

	start(rig, 1);
	daemon_wait_log(&rig->daemon, "sock0 and /", 1);
	assert_string_equal(target(path), "sock0");
	rig_check_loopback(open_path(rig, path), 100);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_string_equal(target(path), "");
}

TEST_WITH(several_sockets_have_no_second_name, struct rig *rig)
{
	start(rig, 2);
	assert_int_not_equal(access(rig->daemon.socket, F_OK), 0);
}

TEST_WITH(file_that_is_there_stays, struct rig *rig)
{
	struct stat st;

	make_file(rig->daemon.socket);
	start(rig, 1);
	daemon_wait_log(&rig->daemon, "something else is there", 1);
	rig_check_loopback(rig_open(rig, 0), 100);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_int_equal(lstat(rig->daemon.socket, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

TEST_WITH(link_that_leads_elsewhere_stays, struct rig *rig)
{
	assert_int_equal(symlink("elsewhere", rig->daemon.socket), 0);
	start(rig, 1);
	daemon_wait_log(&rig->daemon, "something else is there", 1);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_string_equal(target(rig->daemon.socket), "elsewhere");
}

TEST_WITH(link_that_was_replaced_meanwhile_stays, struct rig *rig)
{
	start(rig, 1);
	assert_int_equal(unlink(rig->daemon.socket), 0);
	assert_int_equal(symlink("elsewhere", rig->daemon.socket), 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_string_equal(target(rig->daemon.socket), "elsewhere");
}

TEST_WITH(directory_is_no_second_name, struct rig *rig)
{
	char path[DAEMON_PATH_MAX + 32];
	const char *const in_directory[] = { path, args[0], NULL };

	snprintf(path, sizeof(path), "--socket-path=%s/", rig->daemon.dir);
	daemon_spawn(&rig->daemon, in_directory);
	daemon_wait_log(&rig->daemon, "serving 1 guest", 1);
	assert_null(strstr(daemon_stderr(&rig->daemon), "something else"));
	assert_true(daemon_listens(daemon_file(&rig->daemon, "0")));
}

TEST_WITH(link_of_a_daemon_that_was_killed_is_taken_over, struct rig *rig)
{
	start(rig, 1);
	kill(rig->daemon.pid, SIGKILL);
	assert_int_equal(daemon_wait(&rig->daemon), -SIGKILL);
	assert_string_equal(target(rig->daemon.socket), "sock0");
	start(rig, 1);
	daemon_wait_log(&rig->daemon, "sock0 and /", 1);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_string_equal(target(rig->daemon.socket), "");
}

TEST_WITH(second_daemon_leaves_the_link_of_the_first, struct rig *rig)
{
	struct daemon other = rig->daemon;
	char path[DAEMON_PATH_MAX + 32];
	const char *const same[] = { path, args[0], NULL };

	start(rig, 1);
	snprintf(path, sizeof(path), "--socket-path=%s", other.socket);
	daemon_spawn(&other, same);
	assert_int_equal(daemon_wait(&other), 1);
	assert_string_equal(target(rig->daemon.socket), "sock0");
	rig_check_loopback(open_path(rig, rig->daemon.socket), 100);
	rig_close(rig, 0);
}

#define NUMBERED "socket-path = %s/sock\ndevice = sim:loopback\n"

static void start_with_file(struct rig *rig, const char *config)
{
	char path[DAEMON_PATH_MAX + 8];
	const char *const file[] = { "--config", path, NULL };

	snprintf(path, sizeof(path), "%s", daemon_file(&rig->daemon, "conf"));
	config_write(rig, config);
	daemon_spawn(&rig->daemon, file);
	daemon_wait_log(&rig->daemon, "serving", 1);
}

/* The guest notices nothing. */
TEST_WITH(reload_makes_and_removes_it, struct rig *rig)
{
	const char *path = rig->daemon.socket;
	struct spi_front *front;

	start_with_file(rig, NUMBERED);
	assert_string_equal(target(path), "sock0");
	front = open_path(rig, path);

	config_write(rig, NUMBERED "socket-count = 2\n");
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read, serving 2 guests",
			1);
	assert_string_equal(target(path), "");
	rig_check_loopback(front, 100);

	config_write(rig, NUMBERED);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read, serving 1 guest\n",
			1);
	assert_string_equal(target(path), "sock0");
	rig_check_loopback(front, 100);
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_string_equal(target(path), "");
}

TEST_WITH(socket_of_a_guest_comes_first, struct rig *rig)
{
	start_with_file(rig,
			NUMBERED "guest socket=%s/sock,device=sim:loopback\n");
	assert_true(daemon_listens(rig->daemon.socket));
	assert_null(strstr(daemon_stderr(&rig->daemon), "something else"));
}

TEST_MAIN(rig_setup_idle, rig_teardown)
