/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/startup/notify.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

struct manager {
	char dir[96];
	int fd;
	char message[300];
};

static int setup(void **state)
{
	struct manager *m = calloc(1, sizeof(*m));

	*state = m;
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	return !m || m->fd < 0 || process_make_dir(m->dir, sizeof(m->dir));
}

static int teardown(void **state)
{
	struct manager *m = *state;

	unsetenv("NOTIFY_SOCKET");
	close(m->fd);
	process_remove_dir(m->dir);
	free(m);
	return 0;
}

/* Listens at @name. As with systemd, an abstract address begins with @. */
static void listen_at(struct manager *m, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, name, strlen(name));
	if (*name == '@')
		addr.sun_path[0] = '\0';
	assert_int_equal(
		bind(m->fd, (struct sockaddr *)&addr,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 strlen(name))),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* Returns the next message, or "" if there is none. */
static const char *next(struct manager *m)
{
	ssize_t len = recv(m->fd, m->message, sizeof(m->message) - 1, 0);

	m->message[len < 0 ? 0 : len] = '\0';
	return m->message;
}

static void check_all(struct manager *m)
{
	uint64_t before = clock_now() / NS_PER_US;
	unsigned long long at;

	notify_ready("serving 2 guests");
	assert_string_equal(next(m), "READY=1\nSTATUS=serving 2 guests\n");
	notify_reloading();
	assert_int_equal(
		sscanf(next(m), "RELOADING=1\nMONOTONIC_USEC=%llu\n", &at), 1);
	assert_in_range(at, before, clock_now() / NS_PER_US);
	notify_stopping();
	assert_string_equal(next(m), "STOPPING=1\n");
	assert_string_equal(next(m), "");
}

static void socket_that_is_a_file_is_told(void **state)
{
	struct manager *m = *state;
	char path[120];

	snprintf(path, sizeof(path), "%s/notify", m->dir);
	listen_at(m, path);
	check_all(m);
}

static void abstract_socket_is_told(void **state)
{
	struct manager *m = *state;
	char name[120];

	snprintf(name, sizeof(name), "@%s/notify", m->dir);
	listen_at(m, name);
	check_all(m);
}

static void without_a_manager_nothing_happens(void **state)
{
	struct manager *m = *state;
	char longest[200];

	notify_ready("");
	setenv("NOTIFY_SOCKET", "", 1);
	notify_ready("");
	setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
	notify_ready("");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	notify_ready("");
	assert_string_equal(next(m), "");
}

int main(void)
{
#define FIXTURE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(socket_that_is_a_file_is_told),
		FIXTURE_TEST(abstract_socket_is_told),
		FIXTURE_TEST(without_a_manager_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
