/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/monitor.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/test.h"

int monitor_listen_as(const struct rig *rig, const char *name, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 daemon_file(&rig->daemon, name));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

int monitor_listen(const struct rig *rig, const char *name)
{
	return monitor_listen_as(rig, name, SOCK_STREAM);
}

int monitor_accept(int listener)
{
	struct pollfd fd = { .fd = listener, .events = POLLIN };
	int connection;

	assert_int_equal(poll(&fd, 1, DAEMON_TIMEOUT_MS), 1);
	connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(connection >= 0);
	return connection;
}

void monitor_expect_end(int connection)
{
	struct pollfd fd = { .fd = connection, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&fd, 1, DAEMON_TIMEOUT_MS), 1);
	assert_int_equal(read(connection, &byte, 1), 0);
	close(connection);
}

struct spi_front *monitor_open(struct rig *rig, unsigned int slot, int listener)
{
	struct spi_front_options options = rig_options(rig, slot);

	options.path = NULL;
	options.fd = monitor_accept(listener);
	return rig_open_with(rig, slot, &options);
}
