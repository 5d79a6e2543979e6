/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/wire/sock.h"

#define HEADER sizeof(struct vhost_wire_header)

struct setup {
	struct vhost_sock sock;
	struct fixture peer; /* only its end of the socket */
	unsigned int fds_before;
	unsigned int fds_open; /* with the two ends */
};

static int setup(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	int fds[2];

	assert_non_null(s);
	*state = s;
	s->fds_before = open_fds();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	vhost_sock_init(&s->sock, fds[0]);
	s->peer.front = fds[1];
	s->fds_open = open_fds();
	return 0;
}

static int teardown(void **state)
{
	struct setup *s = *state;

	vhost_sock_fini(&s->sock);
	assert_int_equal(s->sock.fd, -1);
	close(s->peer.front);
	assert_int_equal(open_fds(), s->fds_before);
	free(s);
	return 0;
}

struct message {
	struct vhost_wire_header header;
	uint8_t payload[1024];
};

static struct message message(uint32_t request, uint32_t size)
{
	struct message m = { .header = { request, VHOST_USER_VERSION, size } };

	for (size_t i = 0; i < sizeof(m.payload); i++)
		m.payload[i] = (uint8_t)(request + i);
	return m;
}

/* @count descriptors for the peer to send, all of the same file. */
static void fill(int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		fds[i] = STDERR_FILENO;
}

TEST_WITH(test_messages_come_one_at_a_time, struct setup *s)
{
	static const uint32_t sizes[] = { 0, 8, 40, 268, 0, 1 };

	for (uint32_t i = 0; i < 6; i++) {
		struct message m = message(i, sizes[i]);

		say_bytes(&s->peer, &m, HEADER + sizes[i], NULL, 0);
	}
	for (uint32_t i = 0; i < 6; i++) {
		struct message m = message(i, sizes[i]);

		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		/* Until the next, it stays. */
		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		assert_int_equal(s->sock.msg.header.request, i);
		assert_int_equal(s->sock.msg.header.size, sizes[i]);
		assert_int_equal(s->sock.msg.fd_count, 0);
		assert_false(s->sock.msg.too_long);
		assert_memory_equal(&s->sock.msg.payload, m.payload, sizes[i]);
		vhost_sock_next(&s->sock);
	}
	assert_int_equal(vhost_sock_recv(&s->sock), 0);
}

TEST_WITH(test_message_comes_in_parts_of_any_size, struct setup *s)
{
	struct message m = message(7, 40);
	int fd = STDERR_FILENO;

	for (size_t part = 1; part < HEADER + 40; part++) {
		for (size_t at = 0; at < HEADER + 40; at += part) {
			size_t left = HEADER + 40 - at;

			assert_int_equal(vhost_sock_recv(&s->sock), 0);
			say_bytes(&s->peer, (uint8_t *)&m + at,
				  part < left ? part : left, &fd, at == 0);
		}
		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		assert_memory_equal(&s->sock.msg, &m, HEADER);
		assert_memory_equal(&s->sock.msg.payload, m.payload, 40);
		assert_int_equal(s->sock.msg.fd_count, 1);
		vhost_sock_next(&s->sock);
	}
	assert_int_equal(open_fds(), s->fds_open);
}

TEST_WITH(test_message_in_single_bytes_all_there_is_taken, struct setup *s)
{
	struct message m = message(7, 8);
	unsigned int calls = 1;
	int fd = STDERR_FILENO;

	/* Descriptors keep the bytes apart: a read for each of them. */
	for (size_t at = 0; at < HEADER + 8; at++)
		say_bytes(&s->peer, (uint8_t *)&m + at, 1, &fd, 1);
	while (vhost_sock_recv(&s->sock) == 0)
		assert_true(calls++ < 10);
	assert_memory_equal(&s->sock.msg.payload, m.payload, 8);
	assert_int_equal(s->sock.msg.fd_count, VHOST_USER_MAX_FDS);
	assert_true(s->sock.msg.fds_lost);
}

TEST_WITH(test_descriptors_are_taken_once_or_closed, struct setup *s)
{
	struct message m = message(1, 0);
	struct vhost_msg *msg = &s->sock.msg;
	int fds[3], taken;

	fill(fds, 3);
	say_bytes(&s->peer, &m, HEADER, fds, 3);
	assert_int_equal(vhost_sock_recv(&s->sock), 1);
	assert_int_equal(msg->fd_count, 3);
	assert_int_equal(open_fds(), s->fds_open + 3);
	taken = vhost_msg_take_fd(msg, 1);
	assert_true(taken > 2);
	assert_true(fcntl(taken, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(vhost_msg_take_fd(msg, 1), -1);
	assert_int_equal(vhost_msg_take_fd(msg, 3), -1);
	assert_int_equal(vhost_msg_take_fd(msg, UINT32_MAX), -1);

	vhost_sock_next(&s->sock);
	assert_int_equal(vhost_msg_take_fd(msg, 0), -1);
	assert_int_equal(open_fds(), s->fds_open + 1);
	vhost_sock_next(&s->sock);
	assert_int_equal(close(taken), 0);
}

TEST_WITH(test_too_many_descriptors_are_noted_and_closed, struct setup *s)
{
	static const unsigned int counts[] = { 8, 9, 15, 16, 17, 18, 40, 64 };
	struct message m = message(5, 8);
	int fds[64];

	need_cut_descriptors();
	fill(fds, 64);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		say_bytes(&s->peer, &m, HEADER + 8, fds, counts[i]);
		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		assert_int_equal(s->sock.msg.fd_count, 8);
		assert_int_equal(s->sock.msg.fds_lost, counts[i] > 8);
		assert_int_equal(open_fds(), s->fds_open + 8);
		vhost_sock_next(&s->sock);
		assert_int_equal(open_fds(), s->fds_open);
		assert_false(s->sock.msg.fds_lost);
	}
}

TEST_WITH(test_descriptors_of_one_message_are_not_the_next_ones,
	  struct setup *s)
{
	struct message m = message(5, 8);
	int fds[2];

	fill(fds, 2);
	say_bytes(&s->peer, &m, HEADER + 8, NULL, 0);
	say_bytes(&s->peer, &m, HEADER + 8, fds, 2);
	say_bytes(&s->peer, &m, HEADER + 8, fds, 1);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		assert_int_equal(s->sock.msg.fd_count, i == 0 ? 0 : 3 - i);
		vhost_sock_next(&s->sock);
	}
}

TEST_WITH(test_payload_too_long_is_dropped_and_the_next_read, struct setup *s)
{
	const uint32_t most = sizeof(union vhost_wire_payload);
	const uint32_t sizes[] = { most, most + 1, 2 * most, 2 * most + 1,
				   1000 };

	for (uint32_t i = 0; i < 5; i++) {
		struct message m = message(i, sizes[i]);
		struct message good = message(99, 8);

		say_bytes(&s->peer, &m, HEADER + sizes[i], NULL, 0);
		say_bytes(&s->peer, &good, HEADER + 8, NULL, 0);
		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		assert_int_equal(s->sock.msg.header.request, i);
		assert_int_equal(s->sock.msg.too_long, sizes[i] > most);
		vhost_sock_next(&s->sock);
		assert_int_equal(vhost_sock_recv(&s->sock), 1);
		assert_int_equal(s->sock.msg.header.request, 99);
		assert_false(s->sock.msg.too_long);
		assert_memory_equal(&s->sock.msg.payload, good.payload, 8);
		vhost_sock_next(&s->sock);
	}
}

TEST_WITH(test_long_payload_lets_the_caller_go, struct setup *s)
{
	struct message m = message(1, KIB(64));
	size_t sent = sizeof(m);

	say_bytes(&s->peer, &m, sizeof(m), NULL, 0);
	for (; sent < HEADER + KIB(64) - 1024; sent += sizeof(m.payload))
		say_bytes(&s->peer, m.payload, sizeof(m.payload), NULL, 0);
	/* All of it can be read now, and is not: others wait for us too. */
	assert_int_equal(vhost_sock_recv(&s->sock), 0);
	assert_true(s->sock.have < sent / 4);
	while (s->sock.have < sent)
		assert_int_equal(vhost_sock_recv(&s->sock), 0);
	assert_int_equal(vhost_sock_recv(&s->sock), 0);
	assert_true(s->sock.msg.too_long);
	say_bytes(&s->peer, m.payload, HEADER + KIB(64) - sent, NULL, 0);
	while (!vhost_sock_recv(&s->sock))
		;
	assert_int_equal(s->sock.have, HEADER + KIB(64));
}

TEST(test_payload_of_an_absurd_size_is_no_message)
{
	static const uint32_t sizes[] = { KIB(64) + 1, INT32_MAX, UINT32_MAX };

	for (int i = 0; i < 3; i++) {
		struct message m = message(1, sizes[i]);
		struct setup *s;
		void *mine;

		setup(&mine);
		s = mine;
		say_bytes(&s->peer, &m, HEADER, NULL, 0);
		assert_int_equal(vhost_sock_recv(&s->sock), -EPROTO);
		teardown(&mine);
	}
}

TEST(test_end_of_stream_anywhere_is_a_reset)
{
	static const size_t lengths[] = { 0, 1, HEADER, HEADER + 3 };
	struct message m = message(1, 8);
	int fds[4];

	fill(fds, 4);
	for (size_t i = 0; i < 4; i++) {
		struct setup *s;
		void *mine;

		setup(&mine);
		s = mine;
		if (lengths[i])
			say_bytes(&s->peer, &m, lengths[i], fds, 4);
		assert_int_equal(vhost_sock_recv(&s->sock), 0);
		shutdown(s->peer.front, SHUT_WR);
		assert_int_equal(vhost_sock_recv(&s->sock), -ECONNRESET);
		assert_int_equal(vhost_sock_recv(&s->sock), -ECONNRESET);
		/* closes the four */
		teardown(&mine);
	}
}

TEST_WITH(test_whole_message_before_the_end_is_read, struct setup *s)
{
	struct message m = message(1, 8);

	say_bytes(&s->peer, &m, HEADER + 8, NULL, 0);
	shutdown(s->peer.front, SHUT_WR);
	assert_int_equal(vhost_sock_recv(&s->sock), 1);
	vhost_sock_next(&s->sock);
	assert_int_equal(vhost_sock_recv(&s->sock), -ECONNRESET);
}

/* As far as it has come, and not in the middle of one. */
TEST_WITH(test_next_message_can_be_looked_at, struct setup *s)
{
	struct message m = message(11, 8);
	uint8_t got[HEADER + 8];

	assert_false(vhost_sock_peek(&s->sock, got, sizeof(got)));
	say_bytes(&s->peer, &m, HEADER + 4, NULL, 0);
	assert_false(vhost_sock_peek(&s->sock, got, sizeof(got)));
	assert_true(vhost_sock_peek(&s->sock, got, HEADER));
	assert_memory_equal(got, &m, HEADER);
	assert_int_equal(vhost_sock_recv(&s->sock), 0);
	assert_false(vhost_sock_peek(&s->sock, got, 4));
	say_bytes(&s->peer, m.payload + 4, 4, NULL, 0);
	assert_int_equal(vhost_sock_recv(&s->sock), 1);
	assert_memory_equal(&s->sock.msg.payload, m.payload, 8);
}

TEST_WITH(test_reply_is_exact_on_the_wire, struct setup *s)
{
	const struct vhost_wire_header expected = { 15, 5, 3 };
	uint8_t got[32];

	assert_int_equal(vhost_sock_reply(&s->sock, 15, "\1\2\3", 3), 0);
	assert_int_equal(recv(s->peer.front, got, sizeof(got), 0), 15);
	assert_memory_equal(got, &expected, HEADER);
	assert_memory_equal(got + HEADER, "\1\2\3", 3);
	assert_int_equal(vhost_sock_reply(&s->sock, 15, NULL, 0), 0);
	assert_int_equal(recv(s->peer.front, got, sizeof(got), 0), HEADER);
}

TEST_WITH(test_reply_that_nobody_reads_does_not_wait, struct setup *s)
{
	uint8_t payload[200] = { 0 };
	unsigned int count = 0;
	int ret;

	do {
		ret = vhost_sock_reply(&s->sock, 1, payload, sizeof(payload));
		assert_true(++count < 100000);
	} while (!ret);
	assert_int_equal(ret, -EAGAIN);
}

TEST_WITH(test_reply_to_nobody_raises_no_signal, struct setup *s)
{
	shutdown(s->peer.front, SHUT_RDWR);
	assert_int_equal(vhost_sock_reply(&s->sock, 1, "", 1), -EPIPE);
}

TEST_MAIN(setup, teardown)
