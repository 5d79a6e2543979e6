/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Connections that stall, end anywhere, or speak something else. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

static void send_bytes(struct front_end *fe, const void *bytes, size_t len)
{
	assert_int_equal(front_end_send_bytes(fe, bytes, len, NULL, 0), 0);
}

TEST_WITH(message_byte_by_byte, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_header header = { VHOST_USER_GET_FEATURES,
					    VHOST_USER_VERSION, 0 };
	struct front_reply reply;

	for (unsigned int i = 0; i < sizeof(header); i++) {
		send_bytes(&front->fe, (char *)&header + i, 1);
		usleep(500);
	}
	assert_int_equal(front_end_receive(&front->fe, &reply), 0);
	assert_int_equal(reply.header.request, VHOST_USER_GET_FEATURES);
	assert_int_equal(reply.header.size, 8);
	rig_check_loopback(front, 10);
}

/* A message with a payload and a descriptor, which comes with the first byte */
TEST_WITH(message_with_descriptor_byte_by_byte, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct {
		struct vhost_wire_header header;
		uint32_t number[2];
	} message = { { VHOST_USER_SET_VRING_CALL,
			VHOST_USER_VERSION | VHOST_USER_NEED_REPLY, 8 },
		      { 0, 0 } };
	struct front_reply reply;

	for (unsigned int i = 0; i < sizeof(message); i++) {
		assert_int_equal(
			front_end_send_bytes(&front->fe, (char *)&message + i,
					     1, &front->ring.call_fd, i == 0),
			0);
		usleep(500);
	}
	assert_int_equal(front_end_receive(&front->fe, &reply), 0);
	assert_int_equal(reply.payload.u64, 0);
	rig_check_loopback(front, 10);
}

/* Many messages in one write */
TEST_WITH(messages_in_one_write, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_header headers[50];
	struct front_reply reply;

	for (unsigned int i = 0; i < 50; i++)
		headers[i] = (struct vhost_wire_header){
			i % 2 ? VHOST_USER_GET_FEATURES
			      : VHOST_USER_GET_QUEUE_NUM,
			VHOST_USER_VERSION, 0
		};
	send_bytes(&front->fe, headers, sizeof(headers));
	for (unsigned int i = 0; i < 50; i++) {
		assert_int_equal(front_end_receive(&front->fe, &reply), 0);
		assert_int_equal(reply.header.request, headers[i].request);
	}
	rig_check_loopback(front, 10);
}

/* The rest of its message does not come; it harms nobody, not even itself. */
TEST_WITH(stalled_message_harms_nobody, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct vhost_wire_header header = { VHOST_USER_SET_FEATURES,
					    VHOST_USER_VERSION, 8 };
	static const size_t cuts[] = { 1, 5, 12, 15 };
	char bytes[20] = { 0 };
	int64_t end;

	memcpy(bytes, &header, sizeof(header));
	for (unsigned int i = 0; i < 4; i++) {
		send_bytes(&front->fe, bytes, cuts[i]);
		usleep(10000);
		rig_check_loopback(rig_open(rig, 1), 100);
		rig_close(rig, 1);
		rig_close(rig, 0);
		front = rig_open(rig, 0);
	}
	send_bytes(&front->fe, bytes, 13);
	rig_check_loopback(front, 100); /* its ring goes on */
	end = deadline_in(10000);
	daemon_stop(&rig->daemon, SIGTERM);
	assert_true(deadline_left(end) > 0);
}

/* Sizes that no message has, and no message at all: the next one is served. */
TEST_WITH(absurd_sizes_are_survived, struct rig *rig)
{
	static const struct vhost_wire_header headers[] = {
		{ VHOST_USER_GET_FEATURES, VHOST_USER_VERSION, UINT32_MAX },
		{ VHOST_USER_SET_FEATURES, VHOST_USER_VERSION, INT32_MAX },
		{ VHOST_USER_SET_MEM_TABLE, VHOST_USER_VERSION, 1u << 30 },
		{ 0x20544547, 0x5448202f, 0x312e3150 }, /* "GET / HTTP1.1" */
	};
	static char payload[100000];
	unsigned long before = daemon_memory_kb(&rig->daemon);

	for (unsigned int i = 0; i < 4; i++) {
		struct spi_front *front = rig_connect(rig, 0);

		send_bytes(&front->fe, &headers[i], sizeof(headers[i]));
		/* It may have closed the connection already. */
		front_end_send_bytes(&front->fe, payload, sizeof(payload), NULL,
				     0);
		rig_close(rig, 0);
		rig_check_loopback(rig_open(rig, 0), 10);
		rig_close(rig, 0);
	}
	assert_true(daemon_memory_kb(&rig->daemon) < before + 16384);
}

/* A size above all payloads is refused or ends it; a version as well. */
TEST_WITH(strange_headers_are_survived, struct rig *rig)
{
	static const struct vhost_wire_header headers[] = {
		{ VHOST_USER_SET_FEATURES, 0x9, 1000 },
		{ VHOST_USER_SET_FEATURES, 0x8, 8 },
		{ VHOST_USER_SET_FEATURES, 0xa, 8 },
		{ VHOST_USER_SET_FEATURES, 0xb, 8 },
		{ VHOST_USER_SET_FEATURES, 0xd, 8 },
		{ VHOST_USER_SET_FEATURES, 0xfffffff9, 8 },
	};
	static const char payload[1000];

	for (unsigned int i = 0; i < 6; i++) {
		struct spi_front *front = rig_open(rig, 0);
		struct front_reply reply;
		int err;

		send_bytes(&front->fe, &headers[i], sizeof(headers[i]));
		front_end_send_bytes(&front->fe, payload, headers[i].size, NULL,
				     0);
		err = front_end_receive(&front->fe, &reply);
		if (err == 0)
			rig_check_control(front);
		else
			assert_int_equal(err, -ECONNRESET);
		rig_close(rig, 0);
		rig_check_loopback(rig_open(rig, 0), 10);
		rig_close(rig, 0);
	}
}

/* The first @steps messages of a session */
static void half_a_session(struct spi_front *front, unsigned int steps)
{
	struct front_end *fe = &front->fe;
	const struct spi_front_options *options = &front->options;
	unsigned int step = 0;

	if (step++ < steps)
		front_negotiate(fe, options->features, options->protocol);
	if (step++ < steps)
		front_share_mem(fe, &front->mem);
	if (step++ < steps)
		spi_front_new_ring(front, 0);
	if (step++ < steps)
		front_set_vring_num(fe, 0, front->ring.size);
	if (step++ < steps)
		front_set_vring_addr(fe, 0, &front->ring);
	if (step++ < steps)
		front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, 0,
				   front->ring.call_fd);
	if (step++ < steps)
		front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, 0,
				   front->ring.kick_fd);
	if (step++ < steps)
		front_set_vring_enable(fe, 0, true);
	if (step++ < steps)
		front_set_vring_enable(fe, 0, false);
}

TEST_WITH(sessions_end_anywhere, struct rig *rig)
{
	unsigned int before = rig_count_fds(rig);

	for (unsigned int steps = 0; steps <= 9; steps++) {
		half_a_session(rig_connect(rig, 0), steps);
		rig_close(rig, 0);
		rig_check_loopback(rig_open(rig, 0), 10);
		rig_close(rig, 0);
	}
	assert_int_equal(rig_count_fds(rig), before);
}

/* A message with two descriptors ends after each of its bytes. */
TEST_WITH(messages_end_anywhere, struct rig *rig)
{
	unsigned int before = rig_count_fds(rig);
	struct {
		struct vhost_wire_header header;
		struct vhost_wire_mem_table table;
	} message = { 0 };
	const size_t len = sizeof(message.header) + 8 + 2 * 32;

	message.header = (struct vhost_wire_header){ VHOST_USER_SET_MEM_TABLE,
						     VHOST_USER_VERSION,
						     8 + 2 * 32 };
	for (size_t cut = 1; cut < len; cut++) {
		struct spi_front *front = rig_connect(rig, 0);
		int fds[] = { front->mem.regions[0].fd,
			      front->mem.regions[1].fd };

		message.table.count = 2;
		for (unsigned int i = 0; i < 2; i++)
			message.table.regions[i] =
				front_wire_region(&front->mem.regions[i]);
		assert_int_equal(
			front_end_send_bytes(&front->fe, &message, cut, fds, 2),
			0);
		rig_close(rig, 0);
	}
	assert_int_equal(rig_count_fds(rig), before);
}

TEST_WITH(disconnect_with_requests_in_flight, struct rig *rig)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL,
					     100000 };
	unsigned int before = rig_count_fds(rig);
	uint16_t id;

	for (unsigned int round = 0; round < 20; round++) {
		struct spi_front *front = rig_open(rig, 0);

		for (unsigned int i = 0; i < 10; i++)
			assert_int_equal(
				spi_front_submit(front, &request, NULL, &id),
				0);
		usleep(round * 100);
		rig_close(rig, 0);
	}
	assert_int_equal(rig_count_fds(rig), before);
}

TEST_WITH(second_front_end_is_refused, struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct front_end second;

	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(
			front_end_connect(&second,
					  daemon_socket(&rig->daemon, 0),
					  DAEMON_TIMEOUT_MS),
			0);
		assert_int_equal(front_end_wait_closed(&second), 0);
		front_end_close(&second);
		rig_check_loopback(front, 10);
	}
	rig_check_control(front);
}

TEST_MAIN(rig_setup, rig_teardown)
