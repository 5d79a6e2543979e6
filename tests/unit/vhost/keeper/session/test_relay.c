/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Answers to a front end whose back ends die, hang and send garbage. */
#include <errno.h>

#include "tests/unit/vhost/keeper/session/relay_rig.h"

#define P(name)	      (1ull << VHOST_USER_PROTOCOL_F_##name)
#define NACK	      1
#define STATE_REFUSED (VHOST_USER_STATE_ERROR | VHOST_USER_STATE_NO_FD)

/* A session that wants answers, with a back end that is READY */
static int setup_ready(void **state)
{
	const struct step features = { VHOST_USER_SET_PROTOCOL_FEATURES,
				       P(REPLY_ACK) | P(CONFIG), NULL };
	struct setup *s;

	setup(state);
	s = *state;
	attach(s);
	obey_all(s);
	say_step(s, &features, 0);
	obey_all(s);
	hear_nothing(s);
	return 0;
}

static int tick(struct setup *s)
{
	return keeper_relay_tick(&s->relay, &limits, s->now);
}

/* Nothing has served for so long that the keeper answers itself. */
static void wait_alone(struct setup *s)
{
	assert_int_equal(tick(s), 0);
	hear_nothing(s);
	s->now += limits.answer_ns;
	assert_int_equal(keeper_relay_deadline(&s->relay, &limits), s->now);
	assert_int_equal(tick(s), 0);
	assert_int_equal(s->relay.pending_since, 0);
	assert_int_equal(keeper_relay_deadline(&s->relay, &limits), UINT64_MAX);
}

TEST_WITH(test_answer_is_passed_on, struct setup *s)
{
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	expect(s, VHOST_USER_SET_FEATURES, 5);
	hear_nothing(s);
	answer_u64(s, VHOST_USER_SET_FEATURES, 0);
	hear_u64(s, VHOST_USER_SET_FEATURES, 0);
	hear_nothing(s);
}

TEST_WITH(test_message_that_asks_for_no_ack_gets_none, struct setup *s)
{
	const struct step owner = { VHOST_USER_SET_OWNER, 0, NULL };

	say_step(s, &owner, 0);
	expect(s, VHOST_USER_SET_OWNER, 0);
	answer_u64(s, VHOST_USER_SET_OWNER, 0);
	hear_nothing(s);
}

TEST_WITH(test_ack_needs_the_feature, struct setup *s)
{
	const struct step none = { VHOST_USER_SET_PROTOCOL_FEATURES, 0, NULL };

	say_step(s, &none, 0);
	expect(s, VHOST_USER_SET_PROTOCOL_FEATURES, KEEPER_NEEDED);
	obey(s);
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	obey_all(s);
	hear_nothing(s);
}

TEST_WITH(test_refused_message_is_not_told_to_the_next, struct setup *s)
{
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	expect(s, VHOST_USER_SET_FEATURES, 5);
	answer_u64(s, VHOST_USER_SET_FEATURES, NACK);
	hear_u64(s, VHOST_USER_SET_FEATURES, NACK);
	die(s);
	attach(s);
	expect(s, VHOST_USER_SET_PROTOCOL_FEATURES, KEEPER_NEEDED | P(CONFIG));
	obey(s);
	expect_nothing(s);
}

TEST_WITH(test_reply_keeps_its_descriptor, struct setup *s)
{
	struct vhost_wire_inflight inflight = { .mmap_size = 4096 };
	const struct step get = { VHOST_USER_GET_INFLIGHT_FD, 0, NULL };
	int fd = tagged('x');

	say_step(s, &get, 0);
	expect_step(s, &get);
	answer_fd(s, get.request, &inflight, sizeof(inflight), fd);
	close(fd);
	assert_true(next_message(&s->front));
	assert_int_equal(s->front.msg.payload.inflight.mmap_size, 4096);
	check_tags(&s->front.msg, "x");
}

TEST_WITH(test_next_message_waits_for_the_answer, struct setup *s)
{
	const struct step owner = { VHOST_USER_SET_OWNER, 0, NULL };

	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	assert_false(keeper_relay_wants_front(&s->relay));
	send_step(&s->front, &owner, 0);
	expect(s, VHOST_USER_SET_FEATURES, 5);
	expect_nothing(s);
	answer_u64(s, VHOST_USER_SET_FEATURES, 0);
	assert_true(keeper_relay_wants_front(&s->relay));
	assert_int_equal(read_front(s), 0);
	expect(s, VHOST_USER_SET_OWNER, 0);
}

/* A session whose front end must not see the log */
static struct setup *open_hiding(void **state)
{
	struct setup *s;

	setup_hiding(state, P(LOG_SHMFD));
	s = *state;
	attach(s);
	obey_all(s);
	return s;
}

TEST(test_hidden_features_are_masked)
{
	const uint32_t request = VHOST_USER_GET_PROTOCOL_FEATURES;
	void *state;
	struct setup *s = open_hiding(&state);

	say_u64(s, request, 0);
	expect(s, request, 0);
	answer_u64(s, request, P(LOG_SHMFD) | P(MQ));
	hear_u64(s, request, P(MQ));
	teardown(&state);
}

TEST(test_hidden_features_are_refused)
{
	const uint32_t request = VHOST_USER_SET_PROTOCOL_FEATURES;
	void *state;
	struct setup *s = open_hiding(&state);

	say_u64(s, request, P(REPLY_ACK));
	obey_all(s);
	hear_u64(s, request, 0);
	say_u64(s, request, P(LOG_SHMFD));
	expect_nothing(s);
	hear_u64(s, request, NACK);
	assert_int_not_equal(s->relay.reason.text[0], '\0');
	teardown(&state);
}

TEST_WITH(test_unanswered_message_is_sent_again, struct setup *s)
{
	const struct step table = { VHOST_USER_SET_MEM_TABLE, 1, "m" };

	say_step(s, &table, VHOST_USER_NEED_REPLY);
	expect_step(s, &table);
	die(s);
	attach(s);
	expect(s, VHOST_USER_SET_PROTOCOL_FEATURES, KEEPER_NEEDED | P(CONFIG));
	obey(s);
	expect_step(s, &table);
	obey(s);
	hear_u64(s, table.request, 0);
	hear_nothing(s);
}

TEST_WITH(test_message_of_many_deaths_is_refused, struct setup *s)
{
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	for (unsigned int i = 0; i < KEEPER_MAX_DEATHS; i++) {
		if (i) {
			expect(s, VHOST_USER_SET_PROTOCOL_FEATURES,
			       KEEPER_NEEDED | P(CONFIG));
			obey(s);
		}
		expect(s, VHOST_USER_SET_FEATURES, 5);
		die(s);
		hear_nothing(s);
		attach(s);
	}
	obey_all(s);
	hear_u64(s, VHOST_USER_SET_FEATURES, NACK);
	/* The next one is given to the back end. */
	say_u64(s, VHOST_USER_SET_FEATURES, 6);
	expect(s, VHOST_USER_SET_FEATURES, 6);
}

TEST_WITH(test_ring_whose_region_many_died_of_is_refused, struct setup *s)
{
	const struct step kick = { VHOST_USER_SET_VRING_KICK, 0, "k" };
	const struct step get = { VHOST_USER_GET_INFLIGHT_FD, 0, NULL };

	say_step(s, &kick, VHOST_USER_NEED_REPLY);
	for (unsigned int i = 0; i < KEEPER_MAX_DEATHS; i++) {
		if (i) {
			assert_true(next_message(&s->back));
			obey(s);
		}
		assert_true(next_message(&s->back));
		assert_int_equal(s->back.msg.header.request, get.request);
		die(s);
		attach(s);
	}
	obey_all(s);
	hear_u64(s, kick.request, NACK);
}

TEST_WITH(test_interrupted_state_transfer_is_refused, struct setup *s)
{
	const struct step state = { VHOST_USER_SET_DEVICE_STATE_FD, 0, "p" };

	say_step(s, &state, 0);
	expect_step(s, &state);
	die(s);
	attach(s);
	obey_all(s);
	hear_u64(s, state.request, STATE_REFUSED);
}

TEST_WITH(test_known_replies_are_repeated, struct setup *s)
{
	say_u64(s, VHOST_USER_GET_FEATURES, 0);
	expect(s, VHOST_USER_GET_FEATURES, 0);
	answer_u64(s, VHOST_USER_GET_FEATURES, 77);
	hear_u64(s, VHOST_USER_GET_FEATURES, 77);
	die(s);
	say_u64(s, VHOST_USER_GET_FEATURES, 0);
	wait_alone(s);
	hear_u64(s, VHOST_USER_GET_FEATURES, 77);
	/* Nobody waits twice. */
	say_u64(s, VHOST_USER_GET_QUEUE_NUM, 0);
	assert_int_equal(tick(s), 0);
	hear_empty(s, VHOST_USER_GET_QUEUE_NUM);
}

/* The next back end does not get as far as to take the message. */
TEST_WITH(test_front_end_does_not_wait_for_a_replay, struct setup *s)
{
	const struct step owner = { VHOST_USER_SET_OWNER, 0, NULL };

	say_u64(s, VHOST_USER_GET_FEATURES, 0);
	expect(s, VHOST_USER_GET_FEATURES, 0);
	answer_u64(s, VHOST_USER_GET_FEATURES, 77);
	hear_u64(s, VHOST_USER_GET_FEATURES, 77);
	say_step(s, &owner, 0);
	obey_all(s);
	die(s);
	/* It comes late, and is told the session all the same. */
	s->now += 2 * limits.answer_ns;
	attach(s);
	assert_int_equal(s->relay.stage, KEEPER_REPLAYING);
	say_u64(s, VHOST_USER_GET_FEATURES, 0);
	assert_int_equal(tick(s), 0);
	hear_nothing(s);
	assert_int_equal(s->relay.stage, KEEPER_REPLAYING);
	s->now += limits.answer_ns;
	assert_int_equal(keeper_relay_deadline(&s->relay, &limits), s->now);
	assert_int_equal(tick(s), 0);
	hear_u64(s, VHOST_USER_GET_FEATURES, 77);
	/* What it has been told may not be what holds now. */
	check_detached(s);
	attach(s);
	obey_all(s);
}

static void say_get_config(struct setup *s, uint32_t offset, uint32_t size)
{
	const struct vhost_wire_header header = {
		.request = VHOST_USER_GET_CONFIG,
		.flags = VHOST_USER_VERSION,
		.size = VHOST_WIRE_CONFIG_HEAD + size,
	};
	const struct vhost_wire_config config = { .offset = offset,
						  .size = size };

	assert_int_equal(vhost_sock_send(&s->front, &header, &config, NULL, 0),
			 0);
	assert_int_equal(read_front(s), 0);
}

TEST_WITH(test_known_config_is_repeated, struct setup *s)
{
	struct vhost_wire_config config = { .size = 8, .data = "config" };

	say_get_config(s, 0, 8);
	assert_true(next_message(&s->back));
	answer_fd(s, VHOST_USER_GET_CONFIG, &config, VHOST_WIRE_CONFIG_HEAD + 8,
		  -1);
	assert_true(next_message(&s->front));
	die(s);
	say_get_config(s, 0, 8);
	wait_alone(s);
	assert_true(next_message(&s->front));
	assert_int_equal(s->front.msg.header.size, VHOST_WIRE_CONFIG_HEAD + 8);
	assert_memory_equal(&s->front.msg.payload, &config,
			    VHOST_WIRE_CONFIG_HEAD + 8);
	/* Other bytes of it are not known. */
	say_get_config(s, 4, 4);
	assert_int_equal(tick(s), 0);
	hear_empty(s, VHOST_USER_GET_CONFIG);
}

TEST_WITH(test_stops_are_done_without_a_back_end, struct setup *s)
{
	const struct step setup_steps[] = {
		{ VHOST_USER_SET_VRING_NUM, 64ull << 32, NULL },
		{ VHOST_USER_SET_VRING_KICK, 0, "k" },
		{ VHOST_USER_SET_VRING_ENABLE, 1ull << 32, NULL },
		{ 0 },
	};

	do_steps(s, setup_steps);
	die(s);
	say_u64(s, VHOST_USER_SET_VRING_ENABLE, 0);
	wait_alone(s);
	hear_u64(s, VHOST_USER_SET_VRING_ENABLE, 0);
	/* Where the ring has stopped, nobody knows: in the used ring. */
	say_u64(s, VHOST_USER_GET_VRING_BASE, 0);
	assert_int_equal(tick(s), 0);
	hear_empty(s, VHOST_USER_GET_VRING_BASE);
	attach(s);
	expect(s, VHOST_USER_SET_PROTOCOL_FEATURES, KEEPER_NEEDED | P(CONFIG));
	obey(s);
	assert_true(next_message(&s->back));
	assert_int_equal(s->back.msg.header.request,
			 VHOST_USER_SET_INFLIGHT_FD);
	obey(s);
	expect(s, VHOST_USER_SET_VRING_NUM, 64ull << 32);
	obey(s);
	expect_nothing(s);
}

/* Sends GET_VRING_BASE without its second half. */
static void say_short_stop(struct setup *s)
{
	const struct vhost_wire_header header = {
		.request = VHOST_USER_GET_VRING_BASE,
		.flags = VHOST_USER_VERSION,
		.size = 4,
	};
	const union vhost_wire_payload payload = { .u64 = 0 };

	assert_int_equal(vhost_sock_send(&s->front, &header, &payload, NULL, 0),
			 0);
	assert_int_equal(read_front(s), 0);
}

/* Whoever refuses it, the ring goes on. */
TEST_WITH(test_malformed_stop_stops_nothing, struct setup *s)
{
	const struct step kick = { VHOST_USER_SET_VRING_KICK, 0, "k" };
	const struct step steps[] = { kick, { 0 } };

	do_steps(s, steps);
	say_short_stop(s);
	assert_true(next_message(&s->back));
	answer_fd(s, VHOST_USER_GET_VRING_BASE, NULL, 0, -1);
	hear_empty(s, VHOST_USER_GET_VRING_BASE);
	die(s);
	say_short_stop(s);
	wait_alone(s);
	hear_empty(s, VHOST_USER_GET_VRING_BASE);
	attach(s);
	expect(s, VHOST_USER_SET_PROTOCOL_FEATURES, KEEPER_NEEDED | P(CONFIG));
	obey(s);
	assert_true(next_message(&s->back));
	assert_int_equal(s->back.msg.header.request,
			 VHOST_USER_SET_INFLIGHT_FD);
	obey(s);
	expect_step(s, &kick);
	obey(s);
	expect_nothing(s);
}

TEST_WITH(test_message_without_ack_is_noted_without_a_back_end, struct setup *s)
{
	const struct step call = { VHOST_USER_SET_VRING_CALL, 0, "c" };

	die(s);
	say_step(s, &call, 0);
	wait_alone(s);
	hear_nothing(s);
	attach(s);
	expect(s, VHOST_USER_SET_PROTOCOL_FEATURES, KEEPER_NEEDED | P(CONFIG));
	obey(s);
	expect_step(s, &call);
}

TEST_WITH(test_others_are_refused_without_a_back_end, struct setup *s)
{
	die(s);
	say_u64(s, VHOST_USER_SET_FEATURES, 5);
	wait_alone(s);
	hear_u64(s, VHOST_USER_SET_FEATURES, NACK);
}

TEST_MAIN(setup_ready, teardown)
