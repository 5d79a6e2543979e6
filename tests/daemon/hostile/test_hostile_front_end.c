/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Messages that make no sense: each is refused by a true nack, or by an empty
 * reply where the request has a reply of its own, and the connection stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_PAYLOAD  sizeof(union vhost_wire_payload)

static void expect_nack(struct spi_front *front, uint32_t request,
			const void *payload, uint32_t size)
{
	int err = front_end_tell(&front->fe, request, payload, size, NULL, 0);

	if (err != -EREMOTEIO)
		fail_msg("request %u, %u bytes: %d, not a nack", request, size,
			 err);
	rig_check_control(front);
}

static void expect_empty(struct spi_front *front, uint32_t request,
			 const void *payload, uint32_t size)
{
	struct front_reply reply;

	assert_int_equal(
		front_end_ask(&front->fe, request, payload, size, &reply), 0);
	if (reply.header.size != 0)
		fail_msg("request %u, %u bytes: a reply of %u bytes", request,
			 size, reply.header.size);
	rig_check_control(front);
}

static void unknown_requests_are_refused(void **state)
{
	static const uint32_t ids[] = { 0,	   46,	      47,   64,
					99,	   255,	      1000, 0x1000001,
					INT32_MAX, UINT32_MAX };
	struct spi_front *front = rig_open(*state, 0);
	static const char payload[100];

	for (unsigned int i = 0; i < ARRAY_LEN(ids); i++) {
		expect_nack(front, ids[i], NULL, 0);
		expect_nack(front, ids[i], payload, sizeof(payload));
	}
	rig_check_loopback(front, 10);
}

static void unknown_requests_without_need_reply_get_no_answer(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint64_t number = 0;

	for (uint32_t id = 46; id < 60; id++) {
		assert_int_equal(front_end_send(&front->fe, id,
						VHOST_USER_VERSION, &number, 8,
						NULL, 0),
				 0);
		rig_check_control(front);
	}
}

/* Known to the protocol, but to features that are not offered */
static void requests_of_other_features_are_refused(void **state)
{
	static const uint32_t told[] = {
		VHOST_USER_SEND_RARP,	       VHOST_USER_NET_SET_MTU,
		VHOST_USER_SET_BACKEND_REQ_FD, VHOST_USER_SET_VRING_ENDIAN,
		VHOST_USER_SET_INFLIGHT_FD,    VHOST_USER_GPU_SET_SOCKET,
		VHOST_USER_VRING_KICK,	       VHOST_USER_SET_STATUS,
		VHOST_USER_POSTCOPY_LISTEN,    VHOST_USER_CLOSE_CRYPTO_SESSION,
	};
	struct spi_front *front = rig_open(*state, 0);
	uint64_t number = 0;

	for (unsigned int i = 0; i < ARRAY_LEN(told); i++)
		expect_nack(front, told[i], &number, sizeof(number));
	rig_check_loopback(front, 10);
}

static void wrong_payload_sizes_are_refused(void **state)
{
	static const struct {
		uint32_t request;
		uint32_t size;
	} told[] = {
		{ VHOST_USER_SET_FEATURES, 8 },
		{ VHOST_USER_SET_OWNER, 0 },
		{ VHOST_USER_SET_VRING_NUM, 8 },
		{ VHOST_USER_SET_VRING_ADDR, 40 },
		{ VHOST_USER_SET_VRING_BASE, 8 },
		{ VHOST_USER_SET_VRING_KICK, 8 },
		{ VHOST_USER_SET_VRING_CALL, 8 },
		{ VHOST_USER_SET_VRING_ERR, 8 },
		{ VHOST_USER_SET_PROTOCOL_FEATURES, 8 },
		{ VHOST_USER_SET_VRING_ENABLE, 8 },
		{ VHOST_USER_ADD_MEM_REG, 40 },
		{ VHOST_USER_REM_MEM_REG, 40 },
	};
	struct spi_front *front = rig_open(*state, 0);
	static const char payload[MAX_PAYLOAD];

	for (unsigned int i = 0; i < ARRAY_LEN(told); i++) {
		if (told[i].size > 0) {
			expect_nack(front, told[i].request, NULL, 0);
			expect_nack(front, told[i].request, payload,
				    told[i].size - 1);
		}
		expect_nack(front, told[i].request, payload, told[i].size + 1);
		expect_nack(front, told[i].request, payload, MAX_PAYLOAD);
	}
	rig_check_loopback(front, 10);
}

static void wrong_payload_sizes_get_an_empty_reply(void **state)
{
	static const uint32_t asked[] = { VHOST_USER_GET_FEATURES,
					  VHOST_USER_GET_PROTOCOL_FEATURES,
					  VHOST_USER_GET_QUEUE_NUM,
					  VHOST_USER_GET_MAX_MEM_SLOTS };
	struct spi_front *front = rig_open(*state, 0);
	static const char payload[MAX_PAYLOAD];

	for (unsigned int i = 0; i < ARRAY_LEN(asked); i++) {
		expect_empty(front, asked[i], payload, 8);
		expect_empty(front, asked[i], payload, MAX_PAYLOAD);
	}
	expect_empty(front, VHOST_USER_GET_VRING_BASE, payload, 0);
	expect_empty(front, VHOST_USER_GET_VRING_BASE, payload, 7);
	expect_empty(front, VHOST_USER_GET_VRING_BASE, payload, 9);
	expect_empty(front, VHOST_USER_GET_CONFIG, payload, 0);
	expect_empty(front, VHOST_USER_GET_CONFIG, payload, 11);
	rig_check_loopback(front, 10);
}

static void explicit_replies_are_not_acknowledged_too(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct front_reply reply;

	assert_int_equal(
		front_end_send(&front->fe, VHOST_USER_GET_QUEUE_NUM,
			       VHOST_USER_VERSION | VHOST_USER_NEED_REPLY, NULL,
			       0, NULL, 0),
		0);
	assert_int_equal(front_end_receive(&front->fe, &reply), 0);
	assert_int_equal(reply.header.size, 8);
	rig_check_control(front);
}

static void bad_ring_indexes_are_refused(void **state)
{
	static const uint32_t indexes[] = { 1,	 2,	    5,	       255,
					    256, INT32_MAX, UINT32_MAX };
	struct spi_front *front = rig_open(*state, 0);

	for (unsigned int i = 0; i < ARRAY_LEN(indexes); i++) {
		struct vhost_wire_vring_state num = { indexes[i], 4 };
		struct vhost_wire_vring_state on = { indexes[i], 1 };
		struct vhost_wire_vring_addr addr = { .index = indexes[i] };

		expect_nack(front, VHOST_USER_SET_VRING_NUM, &num, 8);
		expect_nack(front, VHOST_USER_SET_VRING_BASE, &num, 8);
		expect_nack(front, VHOST_USER_SET_VRING_ADDR, &addr, 40);
		expect_nack(front, VHOST_USER_SET_VRING_ENABLE, &on, 8);
		expect_empty(front, VHOST_USER_GET_VRING_BASE, &num, 8);
	}
	rig_check_loopback(front, 10);
}

static void bad_ring_indexes_with_descriptors_are_refused(void **state)
{
	static const uint32_t requests[] = { VHOST_USER_SET_VRING_KICK,
					     VHOST_USER_SET_VRING_CALL,
					     VHOST_USER_SET_VRING_ERR };
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned int fds = daemon_fds(&rig->daemon);

	for (unsigned int i = 0; i < 3; i++) {
		for (uint32_t index = 1; index < 256; index += 127) {
			assert_int_equal(
				front_set_vring_fd(&front->fe, requests[i],
						   index, front->ring.call_fd),
				-EREMOTEIO);
			assert_int_equal(front_set_vring_fd(&front->fe,
							    requests[i], index,
							    -1),
					 -EREMOTEIO);
		}
	}
	rig_check_loopback(front, 10);
	daemon_expect_fds(&rig->daemon, fds);
}

static void bad_ring_sizes_are_refused(void **state)
{
	static const uint32_t nums[] = { 0,	3,	  5,
					 1023,	32769,	  65536,
					 65540, 1u << 31, UINT32_MAX };
	struct spi_front *front = rig_connect(*state, 0);

	assert_int_equal(front_negotiate(&front->fe, front->options.features,
					 front->options.protocol),
			 0);
	for (unsigned int i = 0; i < ARRAY_LEN(nums); i++)
		assert_int_equal(front_set_vring_num(&front->fe, 0, nums[i]),
				 -EREMOTEIO);
	assert_int_equal(front_set_vring_base(&front->fe, 0, 65536),
			 -EREMOTEIO);
	rig_check_control(front);
}

/* Sets the ring up with parts at these offsets from where they should be. */
static int start_with(struct spi_front *front, uint64_t desc, uint64_t avail,
		      uint64_t used)
{
	struct front_ring moved = front->ring;
	uint32_t base;
	int err;

	moved.desc_addr += desc;
	moved.avail_addr += avail;
	moved.used_addr += used;
	err = front_start_vring(&front->fe, 0, &moved, 0);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	return err;
}

static void bad_ring_addresses_are_refused(void **state)
{
	const uint64_t far = UINT64_C(1) << 40;
	const uint64_t top = -SPI_FRONT_HIGH_ADDR; /* near 2^64 */
	struct spi_front *front = rig_open(*state, 0);
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(start_with(front, 8, 0, 0), -EREMOTEIO);
	assert_int_equal(start_with(front, 0, 1, 0), -EREMOTEIO);
	assert_int_equal(start_with(front, 0, 0, 2), -EREMOTEIO);
	assert_int_equal(start_with(front, far, 0, 0), -EREMOTEIO);
	assert_int_equal(start_with(front, 0, far, 0), -EREMOTEIO);
	assert_int_equal(start_with(front, 0, 0, far), -EREMOTEIO);
	assert_int_equal(start_with(front, top, top, top), -EREMOTEIO);
	rig_recover_ring(front);
}

/* A ring that begins in memory and ends outside */
static void ring_beyond_the_memory_is_refused(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	const uint64_t end = SPI_FRONT_HIGH_ADDR + (16 << 20);
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(
		start_with(front, end - 16 - front->ring.desc_addr, 0, 0),
		-EREMOTEIO);
	assert_int_equal(
		start_with(front, 0, end - 16 - front->ring.avail_addr, 0),
		-EREMOTEIO);
	assert_int_equal(
		start_with(front, 0, 0, end - 16 - front->ring.used_addr),
		-EREMOTEIO);
	rig_recover_ring(front);
}

static void descriptors_where_none_belong_are_refused(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned int before = daemon_fds(&rig->daemon);
	static const unsigned int counts[] = { 1, 8, 9, 32, 250 };
	int fds[FRONT_END_MAX_FDS];

	need_cut_descriptors();
	for (unsigned int i = 0; i < FRONT_END_MAX_FDS; i++)
		fds[i] = front->ring.err_fd;
	for (unsigned int i = 0; i < ARRAY_LEN(counts); i++) {
		assert_int_equal(front_end_tell(&front->fe,
						VHOST_USER_SET_OWNER, NULL, 0,
						fds, counts[i]),
				 -EREMOTEIO);
		assert_int_equal(
			front_end_tell(&front->fe, 99, NULL, 0, fds, counts[i]),
			-EREMOTEIO);
		rig_check_control(front);
	}
	rig_check_loopback(front, 10);
	daemon_expect_fds(&rig->daemon, before);
}

static void wrong_number_of_descriptors_is_refused(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned int before = daemon_fds(&rig->daemon);
	int fds[2] = { front->ring.kick_fd, front->ring.kick_fd };
	uint64_t index = 0;

	/* Two, and none without the bit that says so */
	assert_int_equal(front_end_tell(&front->fe, VHOST_USER_SET_VRING_CALL,
					&index, 8, fds, 2),
			 -EREMOTEIO);
	expect_nack(front, VHOST_USER_SET_VRING_CALL, &index, 8);
	expect_nack(front, VHOST_USER_SET_VRING_KICK, &index, 8);
	rig_check_control(front);
	daemon_expect_fds(&rig->daemon, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(unknown_requests_are_refused),
		RIG_TEST(unknown_requests_without_need_reply_get_no_answer),
		RIG_TEST(requests_of_other_features_are_refused),
		RIG_TEST(wrong_payload_sizes_are_refused),
		RIG_TEST(wrong_payload_sizes_get_an_empty_reply),
		RIG_TEST(explicit_replies_are_not_acknowledged_too),
		RIG_TEST(bad_ring_indexes_are_refused),
		RIG_TEST(bad_ring_indexes_with_descriptors_are_refused),
		RIG_TEST(bad_ring_sizes_are_refused),
		RIG_TEST_BOTH(bad_ring_addresses_are_refused),
		RIG_TEST(ring_beyond_the_memory_is_refused),
		RIG_TEST(descriptors_where_none_belong_are_refused),
		RIG_TEST(wrong_number_of_descriptors_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
