/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Who is told of what on a packed ring: the two event suppressions (2.8.10) */
#include "tests/unit/virtio/ring/packed_rig.h"

static void driver_wants(struct setup *s, unsigned int flags, unsigned int desc)
{
	s->driver->flags = htole16((uint16_t)flags);
	s->driver->desc = htole16((uint16_t)desc);
}

/* Uses a chain of @count entries that nobody offered. */
static void use(struct setup *s, uint16_t count)
{
	chain_reset(&s->chain, 0);
	s->chain.ring_entries = count;
	vring_push(&s->vring, &s->chain, 0);
}

/* The @n-th place of two rounds, the round with wrap counter 1 first */
static uint16_t place(const struct setup *s, uint32_t n)
{
	n %= 2u * s->vring.size;
	return n < s->vring.size ? WRAP | n : n - s->vring.size;
}

static uint32_t base_at(uint16_t at)
{
	return (uint32_t)at << 16 | at;
}

static void test_flags_alone_decide_on_calls(void **state)
{
	static const struct {
		uint16_t flags;
		bool call;
	} rows[] = {
		{ VIRTQ_EVENT_FLAGS_ENABLE, true },
		{ VIRTQ_EVENT_FLAGS_DISABLE, false },
		{ VIRTQ_EVENT_FLAGS_DESC, true }, /* was not negotiated */
		{ 3, true },			  /* reserved */
		{ 0xfffc, true },		  /* reserved bits */
		{ 0xfffd, false },
		{ 0xfffe, true },
	};
	struct setup *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* An event that is not passed, if it counted */
		driver_wants(s, rows[i].flags, place(s, i + 3));
		for (int n = 0; n < 2; n++) {
			use(s, 1);
			assert_int_equal(vring_should_call(&s->vring),
					 rows[i].call);
		}
	}
}

static void test_flags_count_with_event_idx_too(void **state)
{
	struct setup *s = *state;

	assert_true(vring_should_call(&s->vring));
	for (unsigned int i = 0; i < 10; i++) {
		driver_wants(s, VIRTQ_EVENT_FLAGS_ENABLE, 0x1234);
		use(s, 1);
		assert_true(vring_should_call(&s->vring));
		driver_wants(s, VIRTQ_EVENT_FLAGS_DISABLE, place(s, 2 * i + 1));
		use(s, 1);
		assert_false(vring_should_call(&s->vring));
		driver_wants(s, 0xfffc | VIRTQ_EVENT_FLAGS_DESC,
			     place(s, 2 * i + 4));
		assert_false(vring_should_call(&s->vring));
	}
}

/*
 * @count entries were used from place number @from on, in chains of various
 * lengths. Is the driver called for an event at place number @event?
 */
static bool is_called(struct setup *s, uint16_t size, uint32_t from,
		      uint32_t count, uint32_t event)
{
	assert_int_equal(begin(s, size, FIRST_BASE), 0);
	assert_int_equal(begin(s, size, base_at(place(s, from))), 0);
	vring_should_call(&s->vring); /* the first time is always a call */
	driver_wants(s, VIRTQ_EVENT_FLAGS_DESC, place(s, event));
	for (uint16_t n; count; count -= n) {
		n = (uint16_t)(1 + (from + count) % size);
		n = n < count ? n : (uint16_t)count;
		use(s, n);
	}
	return vring_should_call(&s->vring);
}

/* Every event, from every place, with every count, against a plain model. */
static void test_event_is_passed_or_not_in_all_small_rings(void **state)
{
	static const uint16_t sizes[] = { 1, 2, 3, 5, 8 };
	struct setup *s = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t turn = 2u * sizes[i];

		for (uint32_t n = 0; n < turn * turn * (turn + 2); n++) {
			uint32_t from = n % turn, event = n / turn % turn;
			uint32_t count = n / turn / turn;
			/* more than a round would pass places not reached */
			uint32_t seen = count < sizes[i] ? count : sizes[i];
			uint32_t back =
				(from + count + turn - 1 - event) % turn;

			if (is_called(s, sizes[i], from, count, event) !=
			    (back < seen))
				fail_msg("size %u from %u count %u event %u",
					 sizes[i], from, count, event);
		}
	}
}

static void test_event_in_the_largest_ring(void **state)
{
	static const struct {
		uint32_t from, count, event;
		bool call;
	} rows[] = { { 0, 1, 0, true },
		     { 0, 1, 1, false },
		     { 32767, 1, 32767, true },
		     { 32767, 1, 32768, false },
		     { 32767, 2, 32768, true },
		     { 32768, 1, 0, false },
		     { 32768, 1, 32768, true },
		     { 65535, 1, 65535, true },
		     { 65535, 1, 0, false },
		     { 65535, 2, 0, true },
		     { 65535, 1, 32767, false },
		     { 0, 32768, 32767, true },
		     { 0, 32768, 0, true },
		     { 0, 32768, 32768, false },
		     { 0, 32768, 65535, false },
		     { 5, 32768, 4, false },
		     { 5, 32768, 5, true },
		     { 5, 32768, 32772, true },
		     { 5, 32768, 32773, false },
		     { 40000, 32767, 7230, true },
		     { 40000, 32767, 7231, false } };
	struct setup *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_called(s, 32768, rows[i].from, rows[i].count,
			      rows[i].event) != rows[i].call)
			fail_msg("row %zu", i);
}

/* 65536 entries are not none. */
static void test_two_rounds_in_one_are_not_forgotten(void **state)
{
	struct setup *s = *state;

	assert_true(is_called(s, 32768, 0, 65536, 65535));
	assert_true(is_called(s, 32768, 100, 65536, 99));
	assert_true(is_called(s, 32768, 100, 65537, 100));
	assert_false(is_called(s, 32768, 100, 65537, 101));
}

/* Garbage in the event is the driver's own harm. */
static void test_event_outside_the_ring_does_no_harm(void **state)
{
	struct setup *s = *state;

	for (uint32_t desc = 0; desc < 65536; desc++) {
		driver_wants(s, VIRTQ_EVENT_FLAGS_DESC, desc);
		use(s, 1);
		vring_should_call(&s->vring);
	}
}

static void test_first_time_after_a_start_is_a_call(void **state)
{
	struct setup *s = *state;

	/* What the driver was told before the start is not known. */
	driver_wants(s, VIRTQ_EVENT_FLAGS_DESC, place(s, 4));
	use(s, 1);
	assert_true(vring_should_call(&s->vring));
	assert_false(vring_should_call(&s->vring));
	use(s, 1);
	assert_false(vring_should_call(&s->vring));
	vring_start(&s->vring, vring_base(&s->vring));
	assert_true(vring_should_call(&s->vring));
	/* But who wants none gets none. */
	vring_start(&s->vring, vring_base(&s->vring));
	driver_wants(s, VIRTQ_EVENT_FLAGS_DISABLE, 0);
	assert_false(vring_should_call(&s->vring));
}

/* A driver that wants to hear of each 4th, for many rounds */
static void test_event_is_passed_once(void **state)
{
	struct setup *s = *state;
	unsigned int calls = 0;

	begin(s, 7, FIRST_BASE);
	assert_true(vring_should_call(&s->vring));
	driver_wants(s, VIRTQ_EVENT_FLAGS_DESC, place(s, 3));
	for (uint32_t i = 0; i < 70000; i++) {
		go_round(s, 1, (uint16_t)i);
		if (!vring_should_call(&s->vring))
			continue;
		calls++;
		assert_int_equal(i % 4, 3);
		driver_wants(s, VIRTQ_EVENT_FLAGS_DESC, place(s, i + 4));
		assert_false(vring_should_call(&s->vring));
	}
	assert_int_equal(calls, 17500);
}

static void test_flags_alone_ask_for_kicks(void **state)
{
	struct setup *s = *state;

	s->device->desc = htole16(0x5555);
	for (unsigned int i = 0; i < 3 * SIZE; i++) {
		vring_disable_kick(&s->vring);
		assert_int_equal(le16toh(s->device->flags),
				 VIRTQ_EVENT_FLAGS_DISABLE);
		assert_false(vring_enable_kick(&s->vring));
		assert_int_equal(le16toh(s->device->flags),
				 VIRTQ_EVENT_FLAGS_ENABLE);
		vring_disable_kick(&s->vring);
		offer_chain(s, 1, 1);
		assert_true(vring_enable_kick(&s->vring));
		serve_one(s);
	}
	assert_int_equal(le16toh(s->device->desc), 0x5555);
}

static void test_event_idx_asks_for_kicks_by_place(void **state)
{
	struct setup *s = *state;
	uint32_t n = 0;

	for (uint16_t count = 1; n < 100; n += count, count = n % SIZE + 1) {
		assert_false(vring_enable_kick(&s->vring));
		assert_int_equal(le16toh(s->device->flags),
				 VIRTQ_EVENT_FLAGS_DESC);
		assert_int_equal(le16toh(s->device->desc), place(s, n));
		offer_chain(s, count, 1);
		assert_true(vring_enable_kick(&s->vring));
		vring_disable_kick(&s->vring);
		assert_int_equal(le16toh(s->device->flags),
				 VIRTQ_EVENT_FLAGS_DISABLE);
		serve_one(s);
	}
}

/* The driver's structure is the driver's. */
static void test_nothing_is_written_to_the_driver_area(void **state)
{
	struct setup *s = *state;

	driver_wants(s, 0xabc2, 0x9234);
	for (unsigned int i = 0; i < 20; i++) {
		vring_disable_kick(&s->vring);
		offer_chain(s, i % SIZE + 1, 1);
		serve_one(s);
		vring_should_call(&s->vring);
		vring_enable_kick(&s->vring);
		assert_int_equal(le16toh(s->driver->flags), 0xabc2);
		assert_int_equal(le16toh(s->driver->desc), 0x9234);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define EVENT_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup_event_idx, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flags_alone_decide_on_calls),
		EVENT_TEST(test_flags_count_with_event_idx_too),
		EVENT_TEST(test_event_is_passed_or_not_in_all_small_rings),
		EVENT_TEST(test_event_in_the_largest_ring),
		EVENT_TEST(test_two_rounds_in_one_are_not_forgotten),
		EVENT_TEST(test_event_outside_the_ring_does_no_harm),
		EVENT_TEST(test_first_time_after_a_start_is_a_call),
		EVENT_TEST(test_event_is_passed_once),
		TEST(test_flags_alone_ask_for_kicks),
		EVENT_TEST(test_event_idx_asks_for_kicks_by_place),
		EVENT_TEST(test_nothing_is_written_to_the_driver_area),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
