/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The command line, the sockets, and the end of the daemon. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"

static void check_no_socket(const struct daemon *d)
{
	DIR *dir = opendir(d->dir);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		assert_int_not_equal(entry->d_type, DT_SOCK);
	closedir(dir);
}

/* One line, which has both words, and a non-zero exit that is no signal. */
static void check_mistake(struct daemon *d, const char *word,
			  const char *other_word)
{
	int code = daemon_wait(d);
	const char *error = daemon_stderr(d);
	const char *end = strchr(error, '\n');

	if (code <= 0 || !end || end[1] || !strstr(error, word) ||
	    !strstr(error, other_word))
		fail_msg(
			"exit %d, expected one line with \"%s\" and \"%s\": %s",
			code, word, other_word, error);
}

/* Runs with --socket-path and these three; the last ones may be NULL. */
static void expect_mistake(struct rig *rig, const char *word,
			   const char *other_word, const char *arg,
			   const char *arg2)
{
	char path[DAEMON_PATH_MAX + 32];
	const char *args[] = { path, arg, arg2, NULL };

	snprintf(path, sizeof(path), "--socket-path=%s", rig->daemon.socket);
	daemon_spawn(&rig->daemon, args);
	check_mistake(&rig->daemon, word, other_word);
	check_no_socket(&rig->daemon);
}

static void expect_device_mistake(struct rig *rig, const char *value,
				  const char *word)
{
	char arg[512];

	snprintf(arg, sizeof(arg), "--device=%s", value);
	expect_mistake(rig, word, "device", arg, NULL);
}

static void make_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Binds a socket to @path. */
static int bind_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void check_help(struct rig *rig, const char *option)
{
	const char *args[] = { option, NULL };
	static const char *const names[] = { "--help",	       "--version",
					     "--socket-path",  "--device",
					     "--socket-count", "--verbose" };

	daemon_spawn(&rig->daemon, args);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(daemon_stdout(&rig->daemon), names[i]));
	assert_string_equal(daemon_stderr(&rig->daemon), "");
}

TEST_WITH(help_prints_every_option, struct rig *rig)
{
	check_help(rig, "-h");
	check_help(rig, "--help");
}

TEST_WITH(version_prints_name_and_number, struct rig *rig)
{
	static const char *const short_args[] = { "-V", NULL };
	static const char *const long_args[] = { "--version", NULL };

	daemon_spawn(&rig->daemon, short_args);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	assert_string_equal(daemon_stdout(&rig->daemon),
			    "vhost-device-spi " VERSION "\n");
	daemon_spawn(&rig->daemon, long_args);
	assert_int_equal(daemon_wait(&rig->daemon), 0);
	assert_string_equal(daemon_stdout(&rig->daemon),
			    "vhost-device-spi " VERSION "\n");
}

TEST_WITH(missing_options_are_named, struct rig *rig)
{
	static const char *const no_path[] = { "--device=sim:loopback", NULL };

	daemon_spawn(&rig->daemon, no_path);
	check_mistake(&rig->daemon, "socket-path", "");
	expect_mistake(rig, "device", "", NULL, NULL);
}

TEST_WITH(unknown_words_are_named, struct rig *rig)
{
	expect_mistake(rig, "--frobnicate", "", "--device=sim:loopback",
		       "--frobnicate");
	expect_mistake(rig, "-z", "", "--device=sim:loopback", "-z");
	expect_mistake(rig, "surplus", "", "--device=sim:loopback", "surplus");
	expect_mistake(rig, "socket-count", "", "--device=sim:loopback",
		       "--socket-count");
}

TEST_WITH(bad_socket_counts_are_named, struct rig *rig)
{
	static const char *const values[] = {
		"0",  "-1",  "abc",	   "",
		"1x", "257", "4294967296", "99999999999999999999",
	};

	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char arg[64];

		snprintf(arg, sizeof(arg), "--socket-count=%s", values[i]);
		expect_mistake(rig, "socket-count", values[i],
			       "--device=sim:loopback", arg);
	}
}

TEST_WITH(devices_that_are_no_spi_device_are_named, struct rig *rig)
{
	const char *file = daemon_file(&rig->daemon, "regular");

	make_file(file, "text");
	expect_device_mistake(rig, file, "/regular");
	expect_device_mistake(rig, "/nonexistent/spidev0.0",
			      "/nonexistent/spidev0.0");
	expect_device_mistake(rig, "/dev/null", "/dev/null");
	expect_device_mistake(rig, rig->daemon.dir, rig->daemon.dir);
	expect_device_mistake(rig, "", "");
}

TEST_WITH(bad_device_keys_are_named, struct rig *rig)
{
	static const char *const values[] = {
		"sim:toaster",
		"sim:",
		"sim:loopback,colour=1",
		"sim:loopback,cs=sideways",
		"sim:loopback,cs=",
		"sim:loopback,cs",
		"sim:loopback,cs-hold=x",
		"sim:loopback,cs-hold=10001",
		"sim:loopback,",
		"sim:loopback,max-speed=fast",
		"sim:loopback,cs-high=7",
		"sim:loopback,size=1M",
	};

	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		expect_device_mistake(rig, values[i], "sim:");
}

TEST_WITH(bad_flash_sizes_are_named, struct rig *rig)
{
	static const char *const values[] = { "3000", "0",   "1000000", "32k",
					      "512M", "16Q", "-1" };
	char device[64];

	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(device, sizeof(device), "sim:nor,size=%s", values[i]);
		expect_device_mistake(rig, device, values[i]);
	}
}

TEST_WITH(flash_images_that_do_not_fit_are_named, struct rig *rig)
{
	char image[128], device[192], again[256];

	snprintf(image, sizeof(image), "%s/image", rig->daemon.dir);
	make_file(image, "five\n");
	snprintf(device, sizeof(device), "sim:nor,size=1M,file=%s", image);
	expect_device_mistake(rig, device, image);

	/* Two chips cannot live in one file. */
	unlink(image);
	snprintf(again, sizeof(again), "--device=%s", device);
	expect_mistake(rig, image, "same device", again, again);
}

/* With the number behind it, it is what does not fit. */
TEST_WITH(socket_paths_that_are_too_long_are_named, struct rig *rig)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	char path[128] = "", arg[192];
	const char *args[] = { arg, "--device=sim:loopback", NULL, NULL };

	snprintf(path, sizeof(path), "%s/", rig->daemon.dir);
	memset(path + strlen(path), 'a', max - strlen(path));
	path[max] = '\0';
	snprintf(arg, sizeof(arg), "--socket-path=%s", path);
	daemon_spawn(&rig->daemon, args);
	check_mistake(&rig->daemon, "socket-path", path);

	path[max - 1] = '\0'; /* room for 0..9, but not for 10 */
	snprintf(arg, sizeof(arg), "--socket-path=%s", path);
	args[2] = "--socket-count=11";
	daemon_spawn(&rig->daemon, args);
	check_mistake(&rig->daemon, "socket-path", path);
	check_no_socket(&rig->daemon);
}

TEST_WITH(socket_in_no_directory_is_named, struct rig *rig)
{
	static const char *const args[] = { "--socket-path=/nonexistent/s",
					    "--device=sim:loopback", NULL };

	daemon_spawn(&rig->daemon, args);
	check_mistake(&rig->daemon, "/nonexistent/s", "");
}

TEST_WITH(socket_served_by_another_is_left_alone, struct rig *rig)
{
	const char *path = daemon_socket(&rig->daemon, 1);
	int fd = bind_socket(path);

	assert_int_equal(listen(fd, 1), 0);
	{
		char arg[DAEMON_PATH_MAX + 32];
		const char *args[] = { arg, "--socket-count=2",
				       "--device=sim:loopback", NULL };

		snprintf(arg, sizeof(arg), "--socket-path=%s",
			 rig->daemon.socket);
		daemon_spawn(&rig->daemon, args);
		check_mistake(&rig->daemon, rig->daemon.socket, "");
	}
	assert_true(daemon_listens(daemon_socket(&rig->daemon, 1)));
	assert_int_not_equal(access(daemon_socket(&rig->daemon, 0), F_OK), 0);
	close(fd);
}

TEST_WITH(file_at_the_socket_path_is_left_alone, struct rig *rig)
{
	struct stat st;

	make_file(daemon_socket(&rig->daemon, 0), "precious");
	expect_mistake(rig, daemon_socket(&rig->daemon, 0), "",
		       "--device=sim:loopback", NULL);
	assert_int_equal(stat(daemon_socket(&rig->daemon, 0), &st), 0);
	assert_int_equal(st.st_size, strlen("precious"));
}

TEST_WITH(stale_socket_is_replaced, struct rig *rig)
{
	static const char *const args[] = { "--device=sim:loopback", NULL };

	daemon_start(&rig->daemon, 2, args);
	kill(rig->daemon.pid, SIGKILL);
	assert_int_equal(daemon_wait(&rig->daemon), -SIGKILL);
	assert_int_equal(access(daemon_socket(&rig->daemon, 1), F_OK), 0);

	daemon_start(&rig->daemon, 2, args);
	rig_check_loopback(rig_open(rig, 0), 10);
	rig_check_loopback(rig_open(rig, 1), 10);
}

TEST_WITH(old_daemons_short_options_work, struct rig *rig)
{
	const char *args[] = { "-s", rig->daemon.socket, "-c", "3",
			       "-l", "sim:loopback",	 NULL };
	int64_t deadline = deadline_in(DAEMON_TIMEOUT_MS);

	rig->daemon.sockets = 3;
	daemon_spawn(&rig->daemon, args);
	while (!daemon_listens(daemon_socket(&rig->daemon, 2))) {
		daemon_check_alive(&rig->daemon);
		assert_true(deadline_left(deadline) > 0);
		usleep(2000);
	}
	rig_check_loopback(rig_open(rig, 2), 10);
}

TEST_WITH(sigterm_and_sigint_end_an_idle_daemon, struct rig *rig)
{
	static const char *const args[] = { "--device=sim:loopback", NULL };

	daemon_start(&rig->daemon, 3, args);
	daemon_stop(&rig->daemon, SIGINT);
	daemon_start(&rig->daemon, 3, args);
	rig_check_loopback(rig_open(rig, 0), 10);
	daemon_stop(&rig->daemon, SIGTERM);
}

/* One guest holds the chip for long, another waits for the bus. */
TEST_WITH(signals_end_a_daemon_in_the_middle_of_work, struct rig *rig)
{
	static const char *const args[] = {
		"--device=sim:loopback,cs=spec,cs-hold=10000", NULL
	};
	struct spi_front_request request = { .head = rig_head(0),
					     .rx_len = 1000 };
	uint16_t id;

	daemon_start(&rig->daemon, 2, args);
	rig_tx(rig_open(rig, 0), 0, "held", 4);
	assert_int_equal(
		spi_front_submit(rig_open(rig, 1), &request, NULL, &id), 0);
	usleep(20000);
	{
		int64_t hold_end = deadline_in(9000);

		daemon_stop(&rig->daemon, SIGTERM);
		assert_true(deadline_left(hold_end) > 0);
	}
}

TEST_MAIN(rig_setup_idle, rig_teardown)
