/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Kicks and calls: by flag (2.7.7, 2.7.9, 2.8.10) and by event index */
#include "tests/unit/virtio/ring/ring_rig.h"

#define DISABLED VIRTQ_EVENT_FLAGS_DISABLE /* the flags of both layouts */
#define ENABLED	 VIRTQ_EVENT_FLAGS_ENABLE
#define BY_DESC	 VIRTQ_EVENT_FLAGS_DESC

static const struct vring_features split_events = { .event_idx = true };
static const struct vring_features packed_events = { .packed = true,
						     .event_idx = true };

#define EVENTS(test) ROW(test, split_events), ROW(test, packed_events)

/* Sets the driver's event suppression: @flags, and the place @event. */
static void driver_wants(struct setup *s, unsigned int flags,
			 unsigned int event)
{
	if (is_packed(s)) {
		s->driver->flags = htole16((uint16_t)flags);
		s->driver->desc = htole16((uint16_t)event);
	} else {
		s->ring.avail->flags = htole16((uint16_t)flags);
		hand_used_event(&s->ring, (uint16_t)event);
	}
}

/*
 * The driver wants a call for entry number @n. A split ring has no flag for
 * this, and ignores the one that it has.
 */
static void driver_wants_call_at(struct setup *s, uint32_t n)
{
	driver_wants(s, is_packed(s) ? BY_DESC : DISABLED,
		     place(s, s->vring.size, n));
}

/* The device's event suppression */
static uint16_t kick_flags(const struct setup *s)
{
	return le16toh(is_packed(s) ? s->device->flags : s->ring.used->flags);
}

static uint16_t kick_event(const struct setup *s)
{
	return is_packed(s) ? le16toh(s->device->desc)
			    : hand_avail_event(&s->ring);
}

static void set_kick_event(struct setup *s, uint16_t event)
{
	if (is_packed(s))
		s->device->desc = htole16(event);
	else
		s->ring.used->ring[s->ring.size].id = htole32(event);
}

/* Pushes a chain of @count descriptors that the driver did not offer. */
static void use(struct setup *s, uint16_t count)
{
	chain_reset(&s->chain, 0);
	s->chain.ring_entries = count;
	vring_push(&s->vring, &s->chain, 0);
}

static void test_flags_alone_decide_on_calls(void **state)
{
	static const struct {
		const struct vring_features *features;
		uint16_t flags;
		bool call;
	} rows[] = {
		{ &split, 0, true },
		{ &split, VIRTQ_AVAIL_F_NO_INTERRUPT, false },
		{ &split, 0xfffe, true }, /* reserved bits */
		{ &split, 0xffff, false },
		{ &packed, ENABLED, true },
		{ &packed, DISABLED, false },
		{ &packed, BY_DESC, true }, /* was not negotiated */
		{ &packed, 3, true },	    /* reserved */
		{ &packed, 0xfffc, true },  /* reserved bits */
		{ &packed, 0xfffd, false },
		{ &packed, 0xfffe, true },
	};
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].features->packed != is_packed(s))
			continue;
		/* This event is not passed. It must be ignored. */
		driver_wants(s, rows[i].flags,
			     place(s, s->vring.size, (uint32_t)i + 3));
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
	const uint32_t size = s->vring.size;

	assert_true(vring_should_call(&s->vring));
	for (unsigned int i = 0; i < 10; i++) {
		driver_wants(s, ENABLED, 0x1234);
		use(s, 1);
		assert_true(vring_should_call(&s->vring));
		driver_wants(s, DISABLED, place(s, size, 2 * i + 1));
		use(s, 1);
		assert_false(vring_should_call(&s->vring));
		driver_wants(s, 0xfffc | BY_DESC, place(s, size, 2 * i + 4));
		assert_false(vring_should_call(&s->vring));
	}
}

/*
 * Uses @count entries from entry number @from on; packed: as chains of various
 * lengths. Returns true if the driver gets a call for entry number @event.
 */
static bool is_called(struct setup *s, uint16_t size, uint32_t from,
		      uint32_t count, uint32_t event)
{
	bool called;

	begin_at(s, size, from);
	vring_should_call(&s->vring); /* the first one is always true */
	driver_wants_call_at(s, event);
	for (uint16_t n; count; count -= n) {
		n = is_packed(s) ? (uint16_t)(1 + (from + count) % size) : 1;
		n = n < count ? n : (uint16_t)count;
		use(s, n);
	}
	called = vring_should_call(&s->vring);
	/* The call is due once. */
	assert_false(vring_should_call(&s->vring));
	return called;
}

static const struct {
	bool packed; /* a ring of 32768, else a split one of 8 */
	uint32_t from, count, event;
	bool call;
} passes[] = {
	{ false, 10, 1, 10, true },  /* the very next */
	{ false, 10, 1, 9, false },  /* passed before */
	{ false, 10, 1, 11, false }, /* not reached yet */
	{ false, 10, 3, 10, true },  /* passed: first, */
	{ false, 10, 3, 12, true },  /* last, */
	{ false, 10, 3, 13, false }, /* one behind the last */
	{ false, 10, 3, 9, false },  /* one before the first */
	{ false, 10, 0, 10, false }, /* nothing was pushed */
	{ false, 10, 0, 9, false },
	{ false, 65535, 1, 65535, true }, /* index becomes 0 */
	{ false, 65535, 1, 0, false },
	{ false, 65535, 2, 0, true },
	{ false, 65533, 4, 65534, true },
	{ false, 65533, 4, 0, true },
	{ false, 65533, 4, 1, false },
	{ false, 65533, 4, 65532, false },
	{ false, 0, 1, 65535, false },
	{ false, 0, 1, 0, true },
	{ false, 0, 8, 7, true },
	{ false, 0, 8, 8, false },
	{ false, 100, 1, 32868, false },
	{ false, 32767, 1, 32767, true },
	{ true, 0, 1, 0, true },
	{ true, 0, 1, 1, false },
	{ true, 32767, 1, 32767, true },
	{ true, 32767, 1, 32768, false },
	{ true, 32767, 2, 32768, true },
	{ true, 32768, 1, 0, false },
	{ true, 32768, 1, 32768, true },
	{ true, 65535, 1, 65535, true },
	{ true, 65535, 1, 0, false },
	{ true, 65535, 2, 0, true },
	{ true, 65535, 1, 32767, false },
	{ true, 0, 32768, 32767, true },
	{ true, 0, 32768, 0, true },
	{ true, 0, 32768, 32768, false },
	{ true, 0, 32768, 65535, false },
	{ true, 5, 32768, 4, false },
	{ true, 5, 32768, 5, true },
	{ true, 5, 32768, 32772, true },
	{ true, 5, 32768, 32773, false },
	{ true, 40000, 32767, 7230, true },
	{ true, 40000, 32767, 7231, false },
	/* Two rounds in one: 65536 entries are not none. */
	{ true, 0, 65536, 65535, true },
	{ true, 100, 65536, 99, true },
	{ true, 100, 65537, 100, true },
	{ true, 100, 65537, 101, false },
};

static void test_event_is_passed_or_not(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(passes); i++)
		if (passes[i].packed == is_packed(s) &&
		    is_called(s, is_packed(s) ? 32768 : 8, passes[i].from,
			      passes[i].count,
			      passes[i].event) != passes[i].call)
			fail_msg("row %zu", i);
}

/* Every event, from every place, with every count, against a plain model. */
static void test_event_is_passed_or_not_in_all_small_rings(void **state)
{
	static const uint16_t small[] = { 1, 2, 3, 5, 8 };
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(small); i++) {
		uint32_t turn = 2u * small[i];

		for (uint32_t n = 0; n < turn * turn * (turn + 2); n++) {
			uint32_t from = n % turn, event = n / turn % turn;
			uint32_t count = n / turn / turn;
			/* more than a round would pass places not reached */
			uint32_t seen = count < small[i] ? count : small[i];
			uint32_t back =
				(from + count + turn - 1 - event) % turn;

			if (is_called(s, small[i], from, count, event) !=
			    (back < seen))
				fail_msg("size %u from %u count %u event %u",
					 small[i], from, count, event);
		}
	}
}

/* An invalid event harms only the driver. */
static void test_event_outside_the_ring_does_no_harm(void **state)
{
	struct setup *s = *state;

	for (uint32_t event = 0; event < 65536; event++) {
		driver_wants(s, BY_DESC, event);
		use(s, 1);
		vring_should_call(&s->vring);
	}
}

static void test_first_time_after_a_start_is_a_call(void **state)
{
	struct setup *s = *state;

	/* The device does not know the calls before the start. */
	driver_wants_call_at(s, 4);
	use(s, 1);
	assert_true(vring_should_call(&s->vring));
	assert_false(vring_should_call(&s->vring));
	use(s, 1);
	assert_false(vring_should_call(&s->vring));
	vring_start(&s->vring, vring_base(&s->vring));
	assert_true(vring_should_call(&s->vring));
	if (!is_packed(s))
		return;
	/* A driver that suppresses calls gets none. */
	vring_start(&s->vring, vring_base(&s->vring));
	driver_wants(s, DISABLED, 0);
	assert_false(vring_should_call(&s->vring));
}

/* A driver that wants a call for each 4th entry, for many rounds */
static void test_event_is_passed_once(void **state)
{
	struct setup *s = *state;
	unsigned int calls = 0;

	begin_at(s, is_packed(s) ? 7 : 8, 0);
	assert_true(vring_should_call(&s->vring));
	driver_wants_call_at(s, 3);
	for (uint32_t i = 0; i < 70000; i++) {
		go_round(s, 1, nth_id(s, i));
		if (!vring_should_call(&s->vring))
			continue;
		calls++;
		assert_int_equal(i % 4, 3);
		driver_wants_call_at(s, i + 4);
		assert_false(vring_should_call(&s->vring));
	}
	assert_int_equal(calls, 17500);
}

/* The driver gets a call for an empty ring, whatever it asked for. */
static void test_empty_ring_calls_when_negotiated(void **state)
{
	struct setup *s = *state;

	for (unsigned int i = 0; i < 2; i++) {
		s->vring.features.on_empty = true;
		s->ring.avail->flags = htole16(VIRTQ_AVAIL_F_NO_INTERRUPT);
		offer_chain(s, 1, 0);
		offer_chain(s, 1, 1);
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

static void test_flags_alone_ask_for_kicks(void **state)
{
	struct setup *s = *state;

	for (unsigned int i = 0; i < 3 * SPLIT_SIZE; i++) {
		set_kick_event(s, 0x5555);
		vring_disable_kick(&s->vring);
		assert_int_equal(kick_flags(s), DISABLED);
		assert_false(vring_enable_kick(&s->vring));
		assert_int_equal(kick_flags(s), ENABLED);
		vring_disable_kick(&s->vring);
		offer_chain(s, 1, 1);
		assert_true(vring_enable_kick(&s->vring));
		assert_int_equal(kick_event(s), 0x5555);
		serve_one(s);
	}
}

static void test_event_idx_asks_for_kicks_by_place(void **state)
{
	struct setup *s = *state;
	const uint32_t size = s->vring.size;
	uint32_t n = 65500;

	begin_at(s, size, n);
	for (unsigned int i = 0; i < 100; i++) {
		uint16_t count = (uint16_t)(i % size + 1);

		assert_false(vring_enable_kick(&s->vring));
		/* A split ring has no flag for it (2.7.10.1). */
		assert_int_equal(kick_flags(s), is_packed(s) ? BY_DESC : 0);
		assert_int_equal(kick_event(s), place(s, size, n));
		offer_chain(s, count, 1);
		assert_true(vring_enable_kick(&s->vring));
		serve_one(s);
		vring_disable_kick(&s->vring);
		assert_int_equal(kick_flags(s), is_packed(s) ? DISABLED : 0);
		if (!is_packed(s))
			assert_int_equal(kick_event(s), (uint16_t)n);
		n += is_packed(s) ? count : 1;
	}
	/* The event is the next chain to take, not the next to use. */
	offer_chain(s, 1, 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_false(vring_enable_kick(&s->vring));
	assert_int_equal(kick_event(s), place(s, size, n + 1));
}

/* The device only reads the driver's area. */
static void test_nothing_is_written_to_the_driver_area(void **state)
{
	struct setup *s = *state;

	driver_wants(s, 0xabc2, 0x9234);
	for (unsigned int i = 0; i < 20; i++) {
		vring_disable_kick(&s->vring);
		offer_chain(s, i % PACKED_SIZE + 1, 1);
		serve_one(s);
		vring_should_call(&s->vring);
		vring_enable_kick(&s->vring);
		assert_int_equal(le16toh(s->driver->flags), 0xabc2);
		assert_int_equal(le16toh(s->driver->desc), 0x9234);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_flags_alone_decide_on_calls),
		ROW(test_flags_count_with_event_idx_too, packed_events),
		EVENTS(test_event_is_passed_or_not),
		ROW(test_event_is_passed_or_not_in_all_small_rings,
		    packed_events),
		EVENTS(test_event_outside_the_ring_does_no_harm),
		EVENTS(test_first_time_after_a_start_is_a_call),
		EVENTS(test_event_is_passed_once),
		ROW(test_empty_ring_calls_when_negotiated, split),
		ROW(test_empty_ring_calls_when_negotiated, split_events),
		BOTH(test_flags_alone_ask_for_kicks),
		EVENTS(test_event_idx_asks_for_kicks_by_place),
		ROW(test_nothing_is_written_to_the_driver_area, packed_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
