/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Back ends that hang or send garbage, and front ends that do. */
#include <errno.h>

#include "tests/unit/vhost/keeper/session/relay_rig.h"

/* A session with a back end that is READY */
static int setup_ready(void **state)
{
	const struct step features = { VHOST_USER_SET_PROTOCOL_FEATURES,
				       KEEPER_NEEDED, NULL };
	struct setup *s;

	setup(state);
	s = *state;
	attach(s);
	obey_all(s);
	say_step(s, &features, 0);
	obey_all(s);
	return 0;
}

/* The time of the next tick, which does something */
static int tick_at_deadline(struct setup *s)
{
	s->now = keeper_relay_deadline(&s->relay, &limits) - 1;
	assert_int_equal(keeper_relay_tick(&s->relay, &limits, s->now), 0);
	s->now++;
	return keeper_relay_tick(&s->relay, &limits, s->now);
}

TEST_WITH(test_silent_back_end_is_pinged, struct setup *s)
{
	const uint64_t begin = s->now;

	assert_int_equal(tick_at_deadline(s), 0);
	assert_int_equal(s->now, begin + limits.ping_ns);
	assert_true(next_message(&s->back));
	assert_int_equal(s->back.msg.header.request,
			 VHOST_USER_GET_PROTOCOL_FEATURES);
	obey(s);
	hear_nothing(s);
	assert_int_equal(s->relay.stage, KEEPER_READY);
	assert_int_equal(keeper_relay_deadline(&s->relay, &limits),
			 s->now + limits.ping_ns);
}

TEST_WITH(test_back_end_that_does_not_answer_a_ping_hangs, struct setup *s)
{
	assert_int_equal(tick_at_deadline(s), 0);
	assert_int_equal(tick_at_deadline(s), -ETIMEDOUT);
	assert_int_equal(s->now, 1000 + limits.ping_ns + limits.hang_ns);
}

TEST_WITH(test_back_end_that_does_not_answer_a_message_hangs, struct setup *s)
{
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	assert_int_equal(tick_at_deadline(s), -ETIMEDOUT);
	assert_int_equal(s->now, 1000 + limits.hang_ns);
}

TEST_WITH(test_back_end_has_longer_for_its_first_answer, struct setup *s)
{
	die(s);
	attach(s);
	assert_int_equal(tick_at_deadline(s), -ETIMEDOUT);
	assert_int_equal(s->now, 1000 + limits.accept_ns);
}

TEST_WITH(test_message_during_a_ping_waits, struct setup *s)
{
	assert_int_equal(tick_at_deadline(s), 0);
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	assert_true(next_message(&s->back));
	expect_nothing(s);
	answer_u64(s, VHOST_USER_GET_PROTOCOL_FEATURES, 0);
	expect(s, VHOST_USER_SET_FEATURES, 5);
	obey(s);
	hear_u64(s, VHOST_USER_SET_FEATURES, 0);
}

TEST_WITH(test_back_end_that_answers_another_request_is_detached,
	  struct setup *s)
{
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	expect(s, VHOST_USER_SET_FEATURES, 5);
	answer_u64(s, VHOST_USER_SET_OWNER, 0);
	check_detached(s);
	hear_nothing(s);
}

TEST_WITH(test_back_end_that_answers_unasked_is_detached, struct setup *s)
{
	answer_u64(s, VHOST_USER_GET_PROTOCOL_FEATURES, 0);
	check_detached(s);
}

TEST_WITH(test_back_end_that_sends_garbage_is_detached, struct setup *s)
{
	char garbage[256];

	memset(garbage, 0xa5, sizeof(garbage));
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	assert_int_equal(write(s->back.fd, garbage, sizeof(garbage)),
			 sizeof(garbage));
	assert_int_equal(keeper_relay_read_back(&s->relay, s->now), 0);
	check_detached(s);
	/* The next one gets the message. */
	s->back.fd = -1;
	attach(s);
	obey_all(s);
	hear_u64(s, VHOST_USER_SET_FEATURES, 0);
}

TEST_WITH(test_back_end_without_an_inflight_region_gets_no_ring,
	  struct setup *s)
{
	const struct step kick = { VHOST_USER_SET_VRING_KICK, 0, "k" };

	say_step(s, &kick, VHOST_USER_NEED_REPLY);
	assert_true(next_message(&s->back));
	answer_fd(s, VHOST_USER_GET_INFLIGHT_FD, NULL, 0, -1);
	hear_u64(s, kick.request, 1);
	assert_int_equal(s->relay.stage, KEEPER_READY);
}

TEST_WITH(test_half_a_message_blocks_nobody, struct setup *s)
{
	const struct vhost_wire_header header = { VHOST_USER_SET_FEATURES,
						  VHOST_USER_VERSION, 8 };
	const uint64_t features = 5;

	assert_int_equal(write(s->front.fd, &header, 7), 7);
	assert_int_equal(read_front(s), 0);
	assert_true(keeper_relay_wants_front(&s->relay));
	expect_nothing(s);
	assert_int_equal(write(s->front.fd, (const char *)&header + 7, 5), 5);
	assert_int_equal(read_front(s), 0);
	expect_nothing(s);
	assert_int_equal(write(s->front.fd, &features, 8), 8);
	assert_int_equal(read_front(s), 0);
	expect(s, VHOST_USER_SET_FEATURES, 5);
}

TEST_WITH(test_front_end_that_sends_garbage_is_given_up, struct setup *s)
{
	char garbage[256];

	memset(garbage, 0xa5, sizeof(garbage));
	assert_int_equal(write(s->front.fd, garbage, sizeof(garbage)),
			 sizeof(garbage));
	assert_int_equal(read_front(s), -EPROTO);
	expect_nothing(s);
}

TEST_WITH(test_front_end_that_leaves_is_given_up, struct setup *s)
{
	shutdown(s->front.fd, SHUT_WR);
	assert_int_equal(read_front(s), -ECONNRESET);
}

TEST_WITH(test_payload_that_is_too_long_is_refused, struct setup *s)
{
	static const char payload[1024];
	const struct vhost_wire_header header = {
		VHOST_USER_SET_FEATURES,
		VHOST_USER_VERSION | VHOST_USER_NEED_REPLY,
		sizeof(payload),
	};

	assert_int_equal(vhost_sock_send(&s->front, &header, payload, NULL, 0),
			 0);
	assert_int_equal(read_front(s), 0);
	expect_nothing(s);
	hear_u64(s, VHOST_USER_SET_FEATURES, 1);
	assert_true(keeper_relay_wants_front(&s->relay));
}

TEST_WITH(test_too_many_descriptors_are_refused, struct setup *s)
{
	const struct {
		struct vhost_wire_header header;
		uint32_t ring[2];
	} message = { {
			      VHOST_USER_SET_VRING_CALL,
			      VHOST_USER_VERSION | VHOST_USER_NEED_REPLY,
			      8,
		      },
		      { 0, 0 } };
	int fds[VHOST_USER_MAX_FDS + 1];
	struct fixture peer = { .front = s->front.fd };

	for (size_t i = 0; i < VHOST_USER_MAX_FDS + 1; i++)
		fds[i] = STDERR_FILENO;
	say_bytes(&peer, &message, sizeof(message), fds,
		  VHOST_USER_MAX_FDS + 1);
	assert_int_equal(read_front(s), 0);
	expect_nothing(s);
	hear_u64(s, VHOST_USER_SET_VRING_CALL, 1);
}

TEST_WITH(test_front_end_that_does_not_read_is_given_up, struct setup *s)
{
	const struct step get = { VHOST_USER_GET_FEATURES, 0, NULL };
	int ret = 0;

	for (unsigned int i = 0; !ret && i < 100000; i++) {
		send_step(&s->front, &get, 0);
		assert_int_equal(read_front(s), 0);
		expect_step(s, &get);
		vhost_sock_reply(&s->back, get.request, &get.u64, 8);
		ret = keeper_relay_read_back(&s->relay, s->now);
	}
	assert_int_equal(ret, -EAGAIN);
}

TEST_MAIN(setup_ready, teardown)
