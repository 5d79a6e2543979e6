/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* How init systems start the daemon, and what they are told. */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/daemon/daemon.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

struct world {
	struct daemon daemon;
	char pid_file[DAEMON_PATH_MAX + 32]; /* the option */
	char socket[DAEMON_PATH_MAX + 32];   /* the option */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	daemon_init(&w->daemon);
	snprintf(w->pid_file, sizeof(w->pid_file), "--pidfile=%s/pid",
		 w->daemon.dir);
	snprintf(w->socket, sizeof(w->socket), "--socket-path=%s",
		 w->daemon.socket);
	/* Whoever is left by a process that has ended becomes our child. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return 0;
}

static pid_t read_pid(const struct world *w)
{
	FILE *file = fopen(daemon_file(&w->daemon, "pid"), "r");
	int pid = 0;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

static int teardown(void **state)
{
	struct world *w = *state;
	pid_t pid = read_pid(w);

	unsetenv("NOTIFY_SOCKET");
	if (pid > 1 && pid != w->daemon.pid && !kill(pid, SIGKILL))
		waitpid(pid, NULL, 0);
	daemon_clean(&w->daemon);
	free(w);
	return 0;
}

static void background_start_is_over_when_the_sockets_are_there(void **state)
{
	struct world *w = *state;
	struct daemon *d = &w->daemon;
	const char *args[] = { "--daemon",
			       w->pid_file,
			       w->socket,
			       "--socket-count=20",
			       "--device=sim:loopback",
			       NULL };
	int status;
	pid_t pid;

	daemon_spawn(d, args);
	assert_int_equal(daemon_wait(d), 0);
	for (unsigned int i = 0; i < 20; i++)
		assert_true(daemon_listens(daemon_socket(d, i)));
	assert_string_equal(daemon_stderr(d), "");
	pid = read_pid(w);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read_pid(w), -1);
	assert_int_equal(access(daemon_socket(d, 0), F_OK), -1);
}

static void background_start_that_fails_is_told(void **state)
{
	struct world *w = *state;
	struct daemon *d = &w->daemon;
	const char *args[] = { "--daemon", w->pid_file, w->socket,
			       "--device=/no/such/device", NULL };

	daemon_spawn(d, args);
	assert_int_equal(daemon_wait(d), EXIT_FAILURE);
	assert_non_null(strstr(daemon_stderr(d), "/no/such/device"));
	assert_int_equal(read_pid(w), -1);
	assert_int_equal(access(daemon_socket(d, 0), F_OK), -1);
}

static void mistake_is_told_without_a_background(void **state)
{
	struct world *w = *state;
	const char *args[] = { "--daemon", w->pid_file, w->socket, NULL };

	daemon_spawn(&w->daemon, args);
	assert_int_equal(daemon_wait(&w->daemon), EXIT_FAILURE);
	assert_string_equal(daemon_stderr(&w->daemon),
			    "vhost-device-spi: --device=SPEC is missing\n");
}

static void second_start_touches_no_socket(void **state)
{
	struct world *w = *state;
	struct daemon second;
	char other[DAEMON_PATH_MAX + 32], expected[300];
	const char *first_args[] = { w->pid_file, "--device=sim:loopback",
				     NULL };
	const char *args[] = { w->pid_file, other, "--device=sim:loopback",
			       NULL };

	daemon_start(&w->daemon, 1, first_args);
	assert_int_equal(read_pid(w), w->daemon.pid);
	daemon_init(&second);
	snprintf(other, sizeof(other), "--socket-path=%s", second.socket);
	daemon_spawn(&second, args);
	assert_int_equal(daemon_wait(&second), EXIT_FAILURE);
	snprintf(expected, sizeof(expected),
		 "vhost-device-spi: %s: already running, process %d\n",
		 w->pid_file, (int)w->daemon.pid);
	assert_string_equal(daemon_stderr(&second), expected);
	assert_int_equal(access(daemon_socket(&second, 0), F_OK), -1);
	daemon_clean(&second);
	assert_int_equal(read_pid(w), w->daemon.pid);
	daemon_stop(&w->daemon, SIGTERM);
	assert_int_equal(read_pid(w), -1);
}

static void sockets_are_the_users(void **state)
{
	struct world *w = *state;
	struct passwd *nobody = getpwnam("nobody");
	const char *args[] = { w->pid_file, "--user=nobody",
			       "--device=sim:loopback", NULL };
	struct stat st;

	if (geteuid() != 0 || !nobody) {
		skip_because("not root, cannot change the user");
	}
	assert_int_equal(chmod(w->daemon.dir, 0755), 0);
	assert_int_equal(chown(w->daemon.dir, nobody->pw_uid, nobody->pw_gid),
			 0);
	daemon_start(&w->daemon, 1, args);
	assert_int_equal(stat(daemon_socket(&w->daemon, 0), &st), 0);
	assert_int_equal(st.st_uid, nobody->pw_uid);
	assert_int_equal(st.st_gid, nobody->pw_gid);
	assert_int_equal(stat(daemon_file(&w->daemon, "pid"), &st), 0);
	assert_int_equal(st.st_uid, 0);
	daemon_stop(&w->daemon, SIGTERM);
}

static void user_that_is_not_there_is_told(void **state)
{
	struct world *w = *state;
	const char *args[] = { w->pid_file, w->socket, "--user=no-such-user",
			       "--device=sim:loopback", NULL };

	daemon_spawn(&w->daemon, args);
	assert_int_equal(daemon_wait(&w->daemon), EXIT_FAILURE);
	assert_string_equal(
		daemon_stderr(&w->daemon),
		"vhost-device-spi: --user=no-such-user: there is no such user\n");
	assert_int_equal(read_pid(w), -1);
}

static int listen_as_manager(const struct daemon *d)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 daemon_file(d, "notify"));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setenv("NOTIFY_SOCKET", addr.sun_path, 1);
	return fd;
}

static void expect_message(int fd, const char *begin)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char message[300];
	ssize_t len;

	assert_int_equal(poll(&pfd, 1, DAEMON_TIMEOUT_MS), 1);
	len = recv(fd, message, sizeof(message) - 1, 0);
	assert_true(len > 0);
	message[len] = '\0';
	assert_int_equal(strncmp(message, begin, strlen(begin)), 0);
}

static void write_config(const struct daemon *d, const char *text)
{
	FILE *file = fopen(daemon_file(d, "conf"), "w");

	assert_non_null(file);
	fprintf(file, "guest socket=%s/sock0, device=sim:loopback\n%s", d->dir,
		text);
	fclose(file);
}

static void manager_is_told_of_start_reload_and_stop(void **state)
{
	struct world *w = *state;
	struct daemon *d = &w->daemon;
	int fd = listen_as_manager(d);
	char config[DAEMON_PATH_MAX + 32];
	const char *args[] = { "--config", config, NULL };

	snprintf(config, sizeof(config), "%s", daemon_file(d, "conf"));
	write_config(d, "");
	daemon_spawn(d, args);
	if (daemon_is_kept())
		expect_message(fd, "FDSTORE=1\n");
	expect_message(fd, "READY=1\nSTATUS=serving 1 guest\n");
	assert_true(daemon_listens(daemon_socket(d, 0)));
	kill(d->pid, SIGHUP);
	expect_message(fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect_message(fd, "READY=1\nSTATUS=serving 1 guest\n");
	write_config(d, "nonsense\n");
	kill(d->pid, SIGHUP);
	expect_message(fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect_message(fd, "READY=1\nSTATUS=nothing was changed");
	daemon_stop(d, SIGTERM);
	expect_message(fd, "STOPPING=1\n");
	close(fd);
}

int main(void)
{
#define FIXTURE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(
			background_start_is_over_when_the_sockets_are_there),
		FIXTURE_TEST(background_start_that_fails_is_told),
		FIXTURE_TEST(mistake_is_told_without_a_background),
		FIXTURE_TEST(second_start_touches_no_socket),
		FIXTURE_TEST(sockets_are_the_users),
		FIXTURE_TEST(user_that_is_not_there_is_told),
		FIXTURE_TEST(manager_is_told_of_start_reload_and_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
