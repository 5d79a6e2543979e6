/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --serprog, and clients that are not flashrom. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/lib/xfer/xfer_tool.h"

#define ACK "\x06"

static const uint8_t rdid[] = { 0x13, 1, 0, 0, 3, 0, 0, 0x9f };

static int connect_to(const struct xfer_server *server)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(server->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	return fd;
}

/* Reads @len bytes, and compares them. */
static void expect(int fd, const void *bytes, size_t len)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	uint8_t got[64];
	size_t n = 0;

	while (n < len) {
		ssize_t more;

		assert_int_equal(poll(&pollfd, 1, DAEMON_TIMEOUT_MS), 1);
		more = read(fd, got + n, len - n);
		assert_true(more > 0);
		n += (size_t)more;
	}
	assert_memory_equal(got, bytes, len);
}

static void send_all(int fd, const void *bytes, size_t len)
{
	assert_int_equal(write(fd, bytes, len), len);
}

static void expect_id(int fd)
{
	send_all(fd, rdid, sizeof(rdid));
	expect(fd, ACK "\xc2\x20\x14", 4);
}

static int setup(void **state)
{
	static const char *const args[] = {
		"--device=sim:nor,size=1M,id=c22014", NULL
	};

	*state = (void *)(uintptr_t)args;
	return rig_setup(state);
}

TEST_WITH(address_is_the_one_that_was_given, struct rig *rig)
{
	struct xfer_server server;

	xfer_server_start(&server, rig, "127.0.0.1:0");
	assert_memory_equal(server.place, "127.0.0.1:", 10);
	assert_true(server.port > 0);
	xfer_server_stop(&server, SIGTERM);
}

TEST_WITH(next_client_is_served_when_the_first_is_gone, struct rig *rig)
{
	struct xfer_server server;
	int first, second;

	xfer_server_start(&server, rig, "127.0.0.1:0");
	first = connect_to(&server);
	expect_id(first);
	second = connect_to(&server);
	send_all(second, rdid, sizeof(rdid));
	assert_int_equal(poll(&(struct pollfd){ second, POLLIN, 0 }, 1, 200),
			 0);
	close(first);
	expect(second, ACK "\xc2\x20\x14", 4);
	close(second);
	xfer_server_stop(&server, SIGINT);
}

TEST_WITH(bad_clients_do_not_matter_to_the_next_one, struct rig *rig)
{
	static const uint8_t half[] = { 0x13, 9, 0, 0, 0, 0, 0, 0x9f };
	static const uint8_t huge[] = { 0x13, 0xff, 0xff, 0xff,
					0xff, 0xff, 0xff, 0x9f };
	struct xfer_server server;
	uint8_t garbage[4096];
	int fd;

	xfer_server_start(&server, rig, "127.0.0.1:0");
	for (unsigned int seed = 0; seed < 20; seed++) {
		rig_pattern(garbage, sizeof(garbage), seed);
		fd = connect_to(&server);
		send_all(fd, garbage, sizeof(garbage));
		close(fd);
	}
	fd = connect_to(&server);
	send_all(fd, half, sizeof(half));
	close(fd);
	fd = connect_to(&server);
	send_all(fd, huge, sizeof(huge));
	close(fd);
	fd = connect_to(&server);
	expect_id(fd);
	close(fd);
	xfer_server_stop(&server, SIGTERM);
}

TEST_WITH(speed_and_chip_end_with_the_client, struct rig *rig)
{
	static const uint8_t other_chip[] = { 0x16, 1 };
	static const uint8_t chip[] = { 0x16, 0 };
	static const uint8_t speed[] = { 0x14, 0x80, 0x84, 0x1e, 0 };
	struct xfer_server server;
	int fd;

	xfer_server_start(&server, rig, "127.0.0.1:0");
	fd = connect_to(&server);
	send_all(fd, other_chip, sizeof(other_chip));
	expect(fd, "\x15", 1); /* there is none */
	send_all(fd, chip, sizeof(chip));
	expect(fd, ACK, 1);
	send_all(fd, speed, sizeof(speed));
	expect(fd, ACK "\x80\x84\x1e", 4);
	expect(fd, "", 1);
	expect_id(fd);
	close(fd);
	fd = connect_to(&server);
	expect_id(fd);
	close(fd);
	xfer_server_stop(&server, SIGTERM);
}

TEST_WITH(terminal_has_clients_too, struct rig *rig)
{
	struct xfer_server server;

	xfer_server_start(&server, rig, "pty");
	assert_memory_equal(server.place, "/dev/pts/", 9);
	for (unsigned int i = 0; i < 2; i++) {
		int fd = open(server.place, O_RDWR | O_NOCTTY | O_CLOEXEC);

		assert_true(fd >= 0);
		expect_id(fd);
		/* The second client does not get the answer to this. */
		send_all(fd, rdid, sizeof(rdid) - 1);
		close(fd);
		process_sleep_ms(200);
	}
	xfer_server_stop(&server, SIGTERM);
}

TEST_WITH(daemon_may_be_started_again, struct rig *rig)
{
	static const char *const args[] = {
		"--device=sim:nor,size=1M,id=c22014", NULL
	};
	struct xfer_server server;
	int fd;

	xfer_server_start(&server, rig, "127.0.0.1:0");
	fd = connect_to(&server);
	expect_id(fd);
	daemon_stop(&rig->daemon, SIGTERM);
	send_all(fd, rdid, sizeof(rdid));
	expect(fd, "\x15", 1);
	daemon_start(&rig->daemon, 2, args);
	expect_id(fd);
	close(fd);
	xfer_server_stop(&server, SIGTERM);
}

TEST_WITH(places_that_are_none_are_refused, struct rig *rig)
{
	static const char *const places[] = { "4000",	    ":4000",
					      "localhost:", "localhost:65536",
					      "::1:4000",   "[::1:4000" };
	char args[64], text[128];

	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(args, sizeof(args), "--serprog=%s", places[i]);
		snprintf(text, sizeof(text),
			 "spi-xfer: --serprog=%s: not HOST:PORT or pty\n",
			 places[i]);
		xfer_expect(rig, args, 1, text);
	}
	xfer_expect(
		rig, "--serprog=pty --rx 1", 1,
		"spi-xfer: parts, --info, --rx-file and --repeat are for a message\n");
	assert_int_equal(xfer_run(rig, "--socket /nowhere --serprog=pty"), 2);
}

TEST_MAIN(setup, rig_teardown)
