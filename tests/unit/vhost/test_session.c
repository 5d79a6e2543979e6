/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The checks that all requests have in common, and the answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/fixture/session_fixture.h"
#include "tests/lib/host/emulator.h"
#include "tests/lib/test.h"

#define VERSION_FLAG  VHOST_USER_VERSION
#define NEED_REPLY    (VHOST_USER_VERSION | VHOST_USER_NEED_REPLY)
#define NO_DESCRIPTOR VHOST_USER_VRING_NOFD

/* What the table in session.c should say. @reply: an empty one is an error */
static const struct {
	uint32_t request, size;
	bool reply, longer;
	unsigned int fds;
} served[] = {
	{ VHOST_USER_GET_FEATURES, 0, true, false, 0 },
	{ VHOST_USER_SET_FEATURES, 8, false, false, 0 },
	{ VHOST_USER_SET_OWNER, 0, false, false, 0 },
	{ VHOST_USER_RESET_OWNER, 0, false, false, 0 },
	{ VHOST_USER_SET_MEM_TABLE, 8, false, true, 8 },
	{ VHOST_USER_SET_VRING_NUM, 8, false, false, 0 },
	{ VHOST_USER_SET_VRING_ADDR, 40, false, false, 0 },
	{ VHOST_USER_SET_VRING_BASE, 8, false, false, 0 },
	{ VHOST_USER_GET_VRING_BASE, 8, true, false, 0 },
	{ VHOST_USER_SET_VRING_KICK, 8, false, false, 1 },
	{ VHOST_USER_SET_VRING_CALL, 8, false, false, 1 },
	{ VHOST_USER_SET_VRING_ERR, 8, false, false, 1 },
	{ VHOST_USER_GET_PROTOCOL_FEATURES, 0, true, false, 0 },
	{ VHOST_USER_SET_PROTOCOL_FEATURES, 8, false, false, 0 },
	{ VHOST_USER_GET_QUEUE_NUM, 0, true, false, 0 },
	{ VHOST_USER_SET_VRING_ENABLE, 8, false, false, 0 },
	{ VHOST_USER_GET_CONFIG, 12, true, true, 0 },
	{ VHOST_USER_SET_CONFIG, 12, false, true, 0 },
	{ VHOST_USER_RESET_DEVICE, 0, false, false, 0 },
	{ VHOST_USER_SET_STATUS, 8, false, false, 0 },
	{ VHOST_USER_GET_STATUS, 0, true, false, 0 },
	{ VHOST_USER_GET_MAX_MEM_SLOTS, 0, true, false, 0 },
	{ VHOST_USER_ADD_MEM_REG, 40, false, false, 1 },
	{ VHOST_USER_REM_MEM_REG, 40, false, false, 1 },
	{ VHOST_USER_SET_LOG_BASE, 16, true, false, 1 },
	{ VHOST_USER_SET_LOG_FD, 0, false, false, 1 },
	{ VHOST_USER_SET_DEVICE_STATE_FD, 8, false, false, 1 },
	{ VHOST_USER_CHECK_DEVICE_STATE, 0, false, false, 0 },
};

#define SERVED (sizeof(served) / sizeof(served[0]))

/* Not served, but with a reply of their own that a front end waits for. */
static const uint32_t refused[] = {
	VHOST_USER_CREATE_CRYPTO_SESSION,
	VHOST_USER_POSTCOPY_ADVISE,
	VHOST_USER_POSTCOPY_END,
	VHOST_USER_GET_INFLIGHT_FD,
	VHOST_USER_GET_SHARED_OBJECT,
	VHOST_USER_GET_SHMEM_CONFIG,
	VHOST_USER_GET_VRING_BASE_SKIP_DRAIN,
};

/* Not served, and only ever acked. */
static const uint32_t unknown[] = {
	0,
	VHOST_USER_SEND_RARP,
	VHOST_USER_SET_BACKEND_REQ_FD,
	VHOST_USER_SET_VRING_ENDIAN,
	VHOST_USER_SET_INFLIGHT_FD,
	VHOST_USER_VRING_KICK,
	46,
	1000,
	UINT32_MAX,
};

static const uint8_t zeros[300];

/* The session is in step with us: it answers this, and only once. */
static void assert_in_step(struct fixture *f)
{
	assert_int_equal(ask(f, VHOST_USER_GET_FEATURES, NULL, 0), 8);
	assert_int_equal(f->session.reason.text[0], 0);
	assert_true(f->reply.payload.u64 == vhost_session_offered(&f->session));
	assert_false(hear(f));
}

/* Says it, and checks that it is refused in the form that its row has. */
static void assert_refused(struct fixture *f, uint32_t request, uint32_t flags,
			   uint32_t size, bool reply)
{
	unsigned int refused_before = f->session.refused;

	say(f, request, flags, zeros, size, NULL, 0);
	handle(f);
	assert_int_not_equal(f->session.reason.text[0], 0);
	assert_int_equal(f->session.refused, refused_before + 1);
	if (!hear(f))
		fail_msg("request %u: no answer", request);
	assert_int_equal(f->reply.header.request, request);
	if (reply) {
		assert_int_equal(f->reply.header.size, 0);
	} else {
		assert_int_equal(f->reply.header.size, 8);
		assert_int_not_equal(f->reply.payload.u64, 0);
	}
	assert_in_step(f);
}

static void test_payload_of_another_size_is_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < SERVED; i++) {
		uint32_t size = served[i].size;

		if (size)
			assert_refused(f, served[i].request, NEED_REPLY,
				       size - 1, served[i].reply);
		assert_refused(f, served[i].request, NEED_REPLY, size + 1,
			       served[i].reply);
		assert_refused(f, served[i].request, NEED_REPLY, 300,
			       served[i].reply);
	}
}

static void test_version_and_direction_are_checked(void **state)
{
	static const uint32_t flags[] = { 0, 2, 3,
					  VERSION_FLAG | VHOST_USER_REPLY };
	struct fixture *f = *state;

	for (size_t i = 0; i < SERVED; i++)
		for (size_t k = 0; k < 4; k++)
			assert_refused(f, served[i].request,
				       flags[k] | VHOST_USER_NEED_REPLY,
				       served[i].size, served[i].reply);
}

static void test_requests_not_served_are_answered_in_their_form(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_refused(f, refused[i], VERSION_FLAG, 8, true);
		assert_refused(f, refused[i], NEED_REPLY, 0, true);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_refused(f, unknown[i], NEED_REPLY, 8, false);
		say(f, unknown[i], VERSION_FLAG, zeros, 8, NULL, 0);
		handle(f);
		assert_false(hear(f));
		assert_int_not_equal(f->session.reason.text[0], 0);
	}
}

static void test_request_with_a_reply_is_not_acked_too(void **state)
{
	struct fixture *f = *state;
	struct vhost_wire_config config = { .size = 4 };

	for (size_t i = 0; i < SERVED; i++) {
		if (!served[i].reply || served[i].longer || served[i].fds)
			continue;
		say(f, served[i].request, NEED_REPLY, zeros, served[i].size,
		    NULL, 0);
		handle(f);
		assert_true(hear(f));
		assert_int_equal(f->reply.header.size, 8);
		assert_false(hear(f));
	}
	say(f, VHOST_USER_GET_CONFIG, NEED_REPLY, &config, 16, NULL, 0);
	handle(f);
	assert_true(hear(f));
	assert_int_equal(f->reply.header.size, 16);
	assert_false(hear(f));
}

static void test_ack_comes_only_when_asked_for_and_negotiated(void **state)
{
	struct fixture *f = *state;

	say(f, VHOST_USER_SET_OWNER, NEED_REPLY, NULL, 0, NULL, 0);
	handle(f);
	assert_false(hear(f));
	/* A refusal is silent then, too. */
	say(f, VHOST_USER_SET_OWNER, NEED_REPLY, zeros, 1, NULL, 0);
	handle(f);
	assert_false(hear(f));
	assert_int_not_equal(f->session.reason.text[0], 0);

	/* The message that negotiates it is the first to be acked. */
	assert_int_equal(tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES,
				  BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK)),
			 0);
	assert_int_equal(tell(f, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0), 0);
	say(f, VHOST_USER_SET_OWNER, VERSION_FLAG, NULL, 0, NULL, 0);
	handle(f);
	assert_false(hear(f));
}

static void test_request_without_its_feature_is_refused(void **state)
{
	static const uint32_t with_reply[] = { VHOST_USER_GET_QUEUE_NUM,
					       VHOST_USER_GET_MAX_MEM_SLOTS };
	struct fixture *f = *state;
	struct vhost_wire_config config = { .size = 4 };
	struct ram ram;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(f, with_reply[i], NULL, 0), 0);
		assert_int_not_equal(f->session.reason.text[0], 0);
	}
	assert_int_equal(ask(f, VHOST_USER_GET_CONFIG, &config, 16), 0);

	tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES,
		 BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK));
	/* Without LOG_SHMFD it is a number, and has no reply. */
	assert_int_equal(tell_u64(f, VHOST_USER_SET_LOG_BASE, 0), 1);
	assert_int_equal(ask(f, VHOST_USER_CHECK_DEVICE_STATE, NULL, 0), 8);
	assert_int_not_equal(f->reply.payload.u64, 0);
	tell_u64(f, VHOST_USER_SET_FEATURES, BIT(VIRTIO_F_VERSION_1));
	assert_int_equal(tell_state(f, VHOST_USER_SET_VRING_ENABLE, 0, 0), 1);
	assert_true(f->session.rings[0].enabled);
	ram_open(&ram, 0, KIB(4), 0);
	assert_int_equal(tell_region(f, VHOST_USER_ADD_MEM_REG, &ram, true), 1);
	assert_int_equal(tell_region(f, VHOST_USER_REM_MEM_REG, &ram, true), 1);
	ram_close(&ram);
	assert_in_step(f);
}

static void test_ring_that_is_not_there_is_refused(void **state)
{
	static const uint32_t by_u32[] = { VHOST_USER_SET_VRING_NUM,
					   VHOST_USER_SET_VRING_BASE,
					   VHOST_USER_SET_VRING_ENABLE };
	static const uint32_t by_u8[] = { VHOST_USER_SET_VRING_KICK,
					  VHOST_USER_SET_VRING_CALL,
					  VHOST_USER_SET_VRING_ERR };
	static const uint32_t indexes[] = { FIXTURE_RINGS, VHOST_MAX_RINGS,
					    255,	   256,
					    INT32_MAX,	   UINT32_MAX };
	struct fixture *f = *state;

	for (size_t i = 0; i < 6; i++) {
		struct vhost_wire_vring_state base = { .index = indexes[i] };
		struct vhost_wire_vring_addr addr = { .index = indexes[i] };

		for (size_t k = 0; k < 3; k++)
			assert_int_equal(
				tell_state(f, by_u32[k], indexes[i], 1), 1);
		for (size_t k = 0; k < 3 && indexes[i] < 256; k++)
			assert_int_equal(tell_u64(f, by_u8[k],
						  indexes[i] | NO_DESCRIPTOR),
					 1);
		assert_int_equal(
			ask(f, VHOST_USER_GET_VRING_BASE, &base, sizeof(base)),
			0);
		assert_int_equal(tell(f, VHOST_USER_SET_VRING_ADDR, &addr,
				      sizeof(addr), NULL, 0),
				 1);
	}
	assert_in_step(f);
}

static void test_descriptors_not_asked_for_are_closed(void **state)
{
	struct fixture *f = *state;
	unsigned int fds = open_fds();
	int many[64];

	need_cut_descriptors();
	for (int i = 0; i < 64; i++)
		many[i] = STDERR_FILENO;
	for (size_t i = 0; i < SERVED; i++) {
		say(f, served[i].request, NEED_REPLY, zeros, served[i].size,
		    many, served[i].fds + 1);
		handle(f);
		assert_true(hear(f));
		assert_non_null(strstr(f->session.reason.text, "descriptors"));
		say(f, served[i].request, NEED_REPLY, zeros, served[i].size,
		    many, 64);
		handle(f);
		assert_true(hear(f));
		assert_non_null(strstr(f->session.reason.text, "descriptors"));
	}
	for (uint32_t request = 0; request < 50; request++) {
		say(f, request, VERSION_FLAG, zeros, 300, many, 8);
		handle(f);
		hear(f);
	}
	assert_int_equal(open_fds(), fds);
	assert_in_step(f);
}

static void test_reason_names_the_request_and_ends_in_its_buffer(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tell_state(f, VHOST_USER_SET_VRING_NUM, 0, 3), 1);
	assert_string_equal(f->session.reason.text,
			    "SET_VRING_NUM refused: size 3 is not one that "
			    "such a ring can have");
	assert_int_equal(tell_u64(f, 12345, 0), 1);
	assert_string_equal(
		f->session.reason.text,
		"unknown request refused: number 12345 is not supported");
	assert_int_equal(
		tell_u64(f, VHOST_USER_SET_PROTOCOL_FEATURES, UINT64_MAX), 1);
	assert_true(strlen(f->session.reason.text) < VHOST_REASON_MAX);
}

static void test_message_in_parts_is_handled_once_whole(void **state)
{
	struct fixture *f = *state;
	struct vhost_wire_header h = { VHOST_USER_GET_FEATURES, 1, 0 };

	for (size_t i = 0; i < sizeof(h); i++) {
		assert_int_equal(vhost_session_handle(&f->session), 0);
		assert_false(hear(f));
		say_bytes(f, (uint8_t *)&h + i, 1, NULL, 0);
	}
	handle(f);
	assert_true(hear(f));
	assert_int_equal(f->session.refused, 0);
	assert_in_step(f);
}

static void test_farewell_is_a_reset(void **state)
{
	struct fixture *f = *state;

	say(f, VHOST_USER_SET_OWNER, VERSION_FLAG, NULL, 0, NULL, 0);
	assert_false(vhost_session_is_over(&f->session));
	close(f->front);
	/* It can be told at once, but what was said before is heard. */
	assert_true(vhost_session_is_over(&f->session));
	handle(f);
	assert_int_equal(vhost_session_handle(&f->session), -ECONNRESET);
	f->front = dup(STDERR_FILENO);
}

static void test_front_end_that_reads_no_replies_ends_its_session(void **state)
{
	struct fixture *f = *state;
	int ret = 1;

	for (int i = 0; i < 100000 && ret == 1; i++) {
		say(f, VHOST_USER_GET_FEATURES, 1, NULL, 0, NULL, 0);
		ret = vhost_session_handle(&f->session);
	}
	assert_int_equal(ret, -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(test_payload_of_another_size_is_refused),
		SESSION_TEST(test_version_and_direction_are_checked),
		SESSION_TEST(
			test_requests_not_served_are_answered_in_their_form),
		SESSION_TEST(test_request_with_a_reply_is_not_acked_too),
		BARE_TEST(test_ack_comes_only_when_asked_for_and_negotiated),
		BARE_TEST(test_request_without_its_feature_is_refused),
		SESSION_TEST(test_ring_that_is_not_there_is_refused),
		SESSION_TEST(test_descriptors_not_asked_for_are_closed),
		SESSION_TEST(
			test_reason_names_the_request_and_ends_in_its_buffer),
		BARE_TEST(test_message_in_parts_is_handled_once_whole),
		BARE_TEST(test_farewell_is_a_reset),
		BARE_TEST(
			test_front_end_that_reads_no_replies_ends_its_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
