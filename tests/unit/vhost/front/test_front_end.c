/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Messages and replies, against a back end that is a socket */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

static struct front_end fe;
static int back; /* the back end's end of the socket */

static int open_pair(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fe = (struct front_end){ .fd = pair[0], .timeout_ms = 10000 };
	back = pair[1];
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	front_end_close(&fe);
	close(back);
	return 0;
}

/* Writes the reply before the request is sent: the socket queues it. */
static void back_replies(uint32_t request, uint32_t flags, const void *payload,
			 uint32_t size)
{
	struct vhost_wire_header header = { request, flags, size };

	assert_int_equal(write(back, &header, sizeof(header)), sizeof(header));
	if (payload)
		assert_int_equal(write(back, payload, size), size);
}

TEST(number_is_asked_for)
{
	struct vhost_wire_header header;
	uint64_t value = 0x123456789a, got;

	back_replies(VHOST_USER_GET_FEATURES, 5, &value, 8);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 0);
	assert_true(got == value);
	assert_int_equal(read(back, &header, sizeof(header)), 12);
	assert_int_equal(header.request, VHOST_USER_GET_FEATURES);
	assert_int_equal(header.flags, 1);
	assert_int_equal(header.size, 0);
}

TEST(bad_replies_are_noticed)
{
	uint64_t value = 0, got;

	back_replies(VHOST_USER_GET_FEATURES, 5, NULL, 0);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -EREMOTEIO);
	back_replies(VHOST_USER_GET_FEATURES, 5, &value, 4);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -EPROTO);
	back_replies(VHOST_USER_GET_QUEUE_NUM, 5, &value, 8);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -EPROTO);
	back_replies(VHOST_USER_GET_FEATURES, 1, NULL, 0);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -EPROTO);
	back_replies(VHOST_USER_GET_FEATURES, 5, NULL, 100000);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -EPROTO);
}

TEST(silence_and_hangup_are_noticed)
{
	uint64_t got;

	fe.timeout_ms = 1;
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -ETIMEDOUT);
	assert_int_equal(write(back, "half", 4), 4);
	assert_int_equal(front_end_wait_closed(&fe), -ETIMEDOUT);
	shutdown(back, SHUT_RDWR);
	assert_int_equal(front_end_wait_closed(&fe), 0);
	assert_int_equal(front_end_get_u64(&fe, VHOST_USER_GET_FEATURES, &got),
			 -ECONNRESET);
}

TEST(ack_is_only_awaited_when_negotiated)
{
	struct vhost_wire_header header;
	uint64_t ok = 0, nack = 1, value;

	assert_int_equal(front_end_set_u64(&fe, VHOST_USER_SET_FEATURES, 7), 0);
	assert_int_equal(read(back, &header, sizeof(header)), 12);
	assert_int_equal(header.flags, VHOST_USER_VERSION);
	assert_int_equal(header.size, 8);
	assert_int_equal(read(back, &value, sizeof(value)), 8);
	assert_int_equal(value, 7);

	fe.protocol_features = FRONT_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK);
	back_replies(VHOST_USER_SET_FEATURES, 5, &ok, 8);
	assert_int_equal(front_end_set_u64(&fe, VHOST_USER_SET_FEATURES, 7), 0);
	assert_int_equal(read(back, &header, sizeof(header)), 12);
	assert_int_equal(header.flags,
			 VHOST_USER_VERSION | VHOST_USER_NEED_REPLY);
	back_replies(VHOST_USER_SET_FEATURES, 5, &nack, 8);
	assert_int_equal(front_end_set_u64(&fe, VHOST_USER_SET_FEATURES, 7),
			 -EREMOTEIO);
}

/* An older back end: one queue, no memory slots, no EVENT_IDX */
TEST(only_what_is_offered_is_negotiated)
{
	const uint64_t features = FRONT_BIT(VIRTIO_F_VERSION_1) |
				  FRONT_BIT(VIRTIO_F_INDIRECT_DESC) |
				  FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES) |
				  FRONT_BIT(24);
	const uint64_t protocol = FRONT_BIT(VHOST_USER_PROTOCOL_F_MQ) |
				  FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIG) |
				  FRONT_BIT(VHOST_USER_PROTOCOL_F_LOG_SHMFD);
	uint64_t queues = 1;

	back_replies(VHOST_USER_GET_FEATURES, 5, &features, 8);
	back_replies(VHOST_USER_GET_PROTOCOL_FEATURES, 5, &protocol, 8);
	back_replies(VHOST_USER_GET_QUEUE_NUM, 5, &queues, 8);
	assert_int_equal(
		front_negotiate(
			&fe,
			FRONT_BIT(VIRTIO_F_INDIRECT_DESC) |
				FRONT_BIT(VIRTIO_F_EVENT_IDX),
			FRONT_BIT(VHOST_USER_PROTOCOL_F_MQ) |
				FRONT_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK) |
				FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIG)),
		0);
	assert_true(fe.features == (features & ~FRONT_BIT(24)));
	assert_true(fe.protocol_features ==
		    (FRONT_BIT(VHOST_USER_PROTOCOL_F_MQ) |
		     FRONT_BIT(VHOST_USER_PROTOCOL_F_CONFIG)));
}

TEST(legacy_device_is_refused)
{
	const uint64_t features = FRONT_BIT(VHOST_USER_F_PROTOCOL_FEATURES);

	back_replies(VHOST_USER_GET_FEATURES, 5, &features, 8);
	assert_int_equal(front_negotiate(&fe, 0, 0), -ENOTSUP);
}

TEST(connect_tells_why_not)
{
	struct front_end other;
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(front_end_connect(&other, path, 1000), -ENAMETOOLONG);
	assert_int_equal(front_end_connect(&other, "/nonexistent", 1000),
			 -ENOENT);
	assert_int_equal(other.fd, -1);
}

/* Sends one reply with @count copies of descriptor @fd. */
static void back_replies_with(int fd, unsigned int count)
{
	struct vhost_wire_header header = { VHOST_USER_GET_INFLIGHT_FD, 5, 0 };
	struct front_end sender = { .fd = back, .timeout_ms = 10000 };
	int fds[2] = { fd, fd };

	assert_int_equal(front_end_send_bytes(&sender, &header, sizeof(header),
					      fds, count),
			 0);
}

TEST(descriptor_of_a_reply_is_kept_until_the_next)
{
	struct front_reply reply;
	int ends[2];
	char byte;

	need_cut_descriptors();
	for (unsigned int count = 0; count <= 2; count++) {
		assert_int_equal(pipe(ends), 0);
		back_replies_with(ends[1], count);
		close(ends[1]);
		assert_int_equal(front_end_receive(&fe, &reply), 0);
		assert_int_equal(fe.has_reply_fd, count > 0);
		back_replies_with(-1, 0);
		assert_int_equal(front_end_receive(&fe, &reply), 0);
		assert_int_equal(front_end_take_fd(&fe), -1);
		/* All copies of the other end are closed. */
		assert_int_equal(read(ends[0], &byte, 1), 0);
		close(ends[0]);
	}
}

TEST_MAIN(open_pair, close_pair)
