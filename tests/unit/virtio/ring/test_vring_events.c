/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Who is told of what: kicks and calls, by flag and by event index. */
#include <endian.h>

#include "tests/unit/virtio/ring/vring_rig.h"

static void test_flag_alone_decides_on_calls(void **state)
{
	struct setup *s = *state;

	/* used_event means nothing without EVENT_IDX */
	hand_used_event(&s->ring, 30000);
	for (int i = 0; i < 2; i++) {
		offer_one(s, 0);
		serve_one(s);
		assert_true(vring_should_call(&s->vring));
	}
	s->ring.avail->flags = htole16(VIRTQ_AVAIL_F_NO_INTERRUPT);
	assert_false(vring_should_call(&s->vring));
	/* other bits say nothing */
	s->ring.avail->flags = htole16(0xfffe);
	assert_true(vring_should_call(&s->vring));
}

static void test_flag_alone_asks_for_kicks(void **state)
{
	struct setup *s = *state;

	s->ring.used->ring[SIZE].id = htole32(0x5555);
	vring_disable_kick(&s->vring);
	assert_int_equal(le16toh(s->ring.used->flags), 1);
	assert_false(vring_enable_kick(&s->vring));
	assert_int_equal(s->ring.used->flags, 0);
	vring_disable_kick(&s->vring);
	offer_one(s, 0);
	assert_true(vring_enable_kick(&s->vring));
	assert_int_equal(hand_avail_event(&s->ring), 0x5555);
}

static void test_event_idx_asks_for_kicks_by_index(void **state)
{
	struct setup *s = *state;

	for (uint32_t base = 65534; base < 65539; base++) {
		begin(s, SIZE, (uint16_t)base);
		assert_false(vring_enable_kick(&s->vring));
		assert_int_equal(hand_avail_event(&s->ring), (uint16_t)base);
		offer_one(s, 0);
		assert_true(vring_enable_kick(&s->vring));
		serve_one(s);
		vring_disable_kick(&s->vring);
		/* flags stay 0 (2.7.10.1) */
		assert_int_equal(s->ring.used->flags, 0);
		assert_int_equal(hand_avail_event(&s->ring), (uint16_t)base);
		assert_false(vring_enable_kick(&s->vring));
		assert_int_equal(hand_avail_event(&s->ring),
				 (uint16_t)(base + 1));
	}
}

/* From @old, @count are pushed, and then the driver's wish is read. */
static const struct {
	uint16_t old, count, used_event;
	bool call;
} events[] = {
	{ 10, 1, 10, true },  /* the very next */
	{ 10, 1, 9, false },  /* passed before */
	{ 10, 1, 11, false }, /* not reached yet */
	{ 10, 3, 10, true },  /* passed: first, */
	{ 10, 3, 12, true },  /* last, */
	{ 10, 3, 13, false }, /* one behind the last */
	{ 10, 3, 9, false },  /* one before the first */
	{ 10, 0, 10, false }, /* nothing was pushed */
	{ 10, 0, 9, false },
	{ 65535, 1, 65535, true }, /* index becomes 0 */
	{ 65535, 1, 0, false },
	{ 65535, 2, 0, true },
	{ 65533, 4, 65534, true },
	{ 65533, 4, 0, true },
	{ 65533, 4, 1, false },
	{ 65533, 4, 65532, false },
	{ 0, 1, 65535, false },
	{ 0, 1, 0, true },
	{ 0, SIZE, SIZE - 1, true },
	{ 0, SIZE, SIZE, false },
	{ 100, 1, 100 + 32768, false },
	{ 32767, 1, 32767, true },
};

static void test_event_idx_calls_when_used_event_is_passed(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		begin(s, SIZE, events[i].old);
		/* The first time is always a call: see below. */
		assert_true(vring_should_call(&s->vring));
		hand_used_event(&s->ring, events[i].used_event);
		/* the flag means nothing with EVENT_IDX */
		s->ring.avail->flags = htole16(VIRTQ_AVAIL_F_NO_INTERRUPT);
		for (uint16_t n = 0; n < events[i].count; n++) {
			chain_reset(&s->chain, n);
			vring_push(&s->vring, &s->chain, 1);
		}
		if (vring_should_call(&s->vring) != events[i].call)
			fail_msg("row %zu", i);
		/* An answer is given once. */
		assert_false(vring_should_call(&s->vring));
	}
}

static void test_event_idx_calls_first_after_a_start(void **state)
{
	struct setup *s = *state;

	/* What the driver was told before the start is not known. */
	hand_used_event(&s->ring, 30000);
	offer_one(s, 0);
	serve_one(s);
	assert_true(vring_should_call(&s->vring));
	assert_false(vring_should_call(&s->vring));
	vring_start(&s->vring, 1);
	assert_true(vring_should_call(&s->vring));
}

static void test_event_idx_counts_every_push_since_the_last_look(void **state)
{
	struct setup *s = *state;
	unsigned int calls = 0;

	/* A driver that wants to hear of each 4th, for more than a round. */
	assert_true(vring_should_call(&s->vring));
	hand_used_event(&s->ring, 3);
	for (uint32_t i = 0; i < 70000; i++) {
		offer_one(s, i % SIZE);
		serve_one(s);
		if (!vring_should_call(&s->vring))
			continue;
		calls++;
		assert_int_equal(i % 4, 3);
		hand_used_event(&s->ring, (uint16_t)(i + 4));
	}
	assert_int_equal(calls, 17500);
}

/* Whatever the driver wants, it hears that there is no more. */
static void test_empty_ring_calls_when_negotiated(void **state)
{
	struct setup *s = *state;

	for (unsigned int i = 0; i < 2; i++) {
		s->vring.features.on_empty = true;
		s->ring.avail->flags = htole16(VIRTQ_AVAIL_F_NO_INTERRUPT);
		offer_one(s, 0);
		offer_one(s, 1);
		serve_one(s);
		hand_used_event(&s->ring, 30000);
		vring_should_call(&s->vring);
		assert_false(vring_should_call(&s->vring));
		serve_one(s);
		assert_true(vring_should_call(&s->vring));
		s->vring.features.on_empty = false;
		assert_false(vring_should_call(&s->vring));
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define EVENT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup_event_idx, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flag_alone_decides_on_calls),
		TEST(test_flag_alone_asks_for_kicks),
		TEST(test_empty_ring_calls_when_negotiated),
		EVENT_TEST(test_empty_ring_calls_when_negotiated),
		EVENT_TEST(test_event_idx_asks_for_kicks_by_index),
		EVENT_TEST(test_event_idx_calls_when_used_event_is_passed),
		EVENT_TEST(test_event_idx_calls_first_after_a_start),
		EVENT_TEST(
			test_event_idx_counts_every_push_since_the_last_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
