/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Packed rings: entries and their flags, wrap counters, bases */
#include "tests/unit/virtio/ring/ring_rig.h"

#define SIZE PACKED_SIZE

/* Builds a base from its four parts. */
static uint32_t base_of(uint16_t avail, bool avail_wrap, uint16_t used,
			bool used_wrap)
{
	return avail | (avail_wrap ? WRAP : 0) |
	       (uint32_t)(used | (used_wrap ? WRAP : 0)) << 16;
}

/* For each wrap counter: entries that are zero, used, or of another round */
static void test_entries_of_another_round_are_not_available(void **state)
{
	struct setup *s = *state;

	for (unsigned int wraps = 0; wraps < 4; wraps++) {
		bool avail = wraps & 1, used = wraps & 2;

		assert_int_equal(begin(s, SIZE, base_of(2, avail, 2, used)), 0);
		assert_int_equal(vring_pending(&s->vring), 0);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		for (unsigned int i = 0; i < SIZE; i++)
			s->entries[i].flags = htole16(AVAIL | USED | NEXT);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		assert_int_equal(vring_pending(&s->vring), 0);
		/* Available, but in the other round */
		for (unsigned int i = 0; i < SIZE; i++)
			s->entries[i].flags = htole16(avail ? USED : AVAIL);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		assert_null(s->vring.error);
	}
}

static void test_chain_has_its_last_id_and_keeps_its_entries(void **state)
{
	struct setup *s = *state;

	offer_chain(s, 4, 40000);
	pop_chain(s, 4, 40000);
	vring_push(&s->vring, &s->chain, 31);
	expect_used(s, 4, 40000, 31);
	/* The other entries of the chain are unchanged. */
	assert_int_equal(le16toh(s->entries[1].flags), NEXT | AVAIL);
	assert_int_equal(le16toh(s->entries[3].id), 40000);
}

static void test_used_entry_says_whether_something_was_written(void **state)
{
	static const uint32_t lens[] = { 0, 1, 0, 65536, UINT32_MAX, 0 };
	struct setup *s = *state;

	/* Over the end of the ring, so with both wrap counters */
	for (unsigned int i = 0; i < 60; i++) {
		uint32_t len = lens[i % 6];

		offer(s, 0x100, 1, (uint16_t)i, i % 2 ? WRITE : 0);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
		vring_push(&s->vring, &s->chain, len);
		expect_used(s, 1, (uint16_t)i, len);
	}
}

static void test_entry_is_available_by_its_own_flags_alone(void **state)
{
	struct setup *s = *state;

	/* The second entry is available, the first is not. */
	s->next = 1;
	offer_chain(s, 1, 7);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
	s->next = 0;
	offer_chain(s, 1, 6);
	assert_int_equal(vring_pending(&s->vring), 2);
	serve_one(s);
	expect_used(s, 1, 6, 1);
	serve_one(s);
	expect_used(s, 1, 7, 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
}

/* Chains of 1..@size entries, so that they end and wrap everywhere */
static void test_chains_wrap_in_their_middle(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint16_t most = sizes[i] < MAX_SEGS ? sizes[i] : MAX_SEGS;
		uint16_t id = 1;

		/* A large one begins near its end, to be there soon. */
		begin_at(s, sizes[i], sizes[i] > 1000 ? sizes[i] - 50 : 0);
		for (unsigned int n = 0; n < 300; n++)
			go_round(s, n % most + 1, id++);
	}
}

static void test_push_goes_as_far_as_its_chain_is_long(void **state)
{
	static const uint16_t counts[] = { 2, 1, 2, 3, 1, 1, 4, 5, 1, 2 };
	struct setup *s = *state;
	struct chain second;

	assert_int_equal(chain_init(&second, MAX_SEGS), 0);
	for (unsigned int i = 0; i < 10; i += 2) {
		if (counts[i] + counts[i + 1] > SIZE) {
			go_round(s, counts[i], 1);
			go_round(s, counts[i + 1], 2);
			continue;
		}
		/* both in flight */
		offer_chain(s, counts[i], 100);
		offer_chain(s, counts[i + 1], 200);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
		assert_int_equal(vring_pop(&s->vring, &second), 1);
		vring_push(&s->vring, &s->chain, 3);
		vring_push(&s->vring, &second, 0);
		expect_used(s, counts[i], 100, 3);
		expect_used(s, counts[i + 1], 200, 0);
	}
	chain_fini(&second);
}

/* Each of the four parts of a base comes back as it went in. */
static void test_base_goes_in_and_out_with_all_its_bits(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		const uint16_t places[] = { 0, sizes[i] / 2, sizes[i] - 1 };

		for (unsigned int n = 0; n < 36; n++) {
			uint32_t base = base_of(places[n % 3], n / 9 & 1,
						places[n / 3 % 3], n / 18);

			assert_int_equal(begin(s, sizes[i], base), 0);
			assert_int_equal(vring_base(&s->vring), base);
		}
	}
}

static void test_base_outside_the_ring_is_refused(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		const uint32_t bad[] = { sizes[i], sizes[i] + 1u, 0x7fff };

		for (unsigned int n = 0; n < 12; n++) {
			uint32_t at = bad[n % 3] | (n / 3 % 2 ? WRAP : 0);

			if ((at & 0x7fff) < sizes[i] || at > 0xffff)
				continue;
			assert_int_equal(
				begin(s, sizes[i], n / 6 ? at : at << 16),
				-EINVAL);
		}
	}
	assert_int_equal(begin(s, SIZE, UINT32_MAX), -EINVAL);
}

/* Stopped and started with the same memory, wherever it is */
static void test_ring_goes_on_from_its_base(void **state)
{
	struct setup *s = *state;

	for (unsigned int n = 0; n < 100; n++) {
		uint16_t count = n % SIZE + 1;
		uint32_t base = vring_base(&s->vring);

		offer_chain(s, count, (uint16_t)n);
		vring_start(&s->vring, base);
		assert_int_equal(vring_base(&s->vring), base);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
		/* Taken, not used: the two halves of a base differ. */
		base = vring_base(&s->vring);
		assert_int_equal(base, base_of(s->next, s->next_wrap, s->taken,
					       s->taken_wrap));
		vring_start(&s->vring, base);
		vring_push(&s->vring, &s->chain, 1);
		expect_used(s, count, (uint16_t)n, 1);
	}
}

static void test_endless_next_is_broken(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		begin(s, sizes[i], base_of(sizes[i] / 2, 0, sizes[i] / 2, 0));
		/* Empty descriptors take no segment of the chain. */
		for (uint32_t n = 0; n < sizes[i]; n++)
			offer(s, 0x100, 0, 1, NEXT);
		/* A chain without an end counts as one. */
		assert_int_equal(vring_pending(&s->vring), 1);
		assert_broken(s, "descriptors form a loop");
	}
	begin_at(s, SIZE, 0);
	go_round(s, 1, 1); /* as new */
	assert_null(s->vring.error);
}

static void test_end_of_a_chain_that_is_not_available_is_pending(void **state)
{
	struct setup *s = *state;

	/* A driver must not do this. The device takes it or breaks. */
	offer(s, 0x100, 1, 1, NEXT);
	assert_int_equal(vring_pending(&s->vring), 1);
	assert_true(vring_enable_kick(&s->vring));
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.ring_entries, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_entries_of_another_round_are_not_available, packed),
		ROW(test_chain_has_its_last_id_and_keeps_its_entries, packed),
		ROW(test_used_entry_says_whether_something_was_written, packed),
		ROW(test_entry_is_available_by_its_own_flags_alone, packed),
		ROW(test_chains_wrap_in_their_middle, packed),
		ROW(test_push_goes_as_far_as_its_chain_is_long, packed),
		ROW(test_base_goes_in_and_out_with_all_its_bits, packed),
		ROW(test_base_outside_the_ring_is_refused, packed),
		ROW(test_ring_goes_on_from_its_base, packed),
		ROW(test_endless_next_is_broken, packed),
		ROW(test_end_of_a_chain_that_is_not_available_is_pending,
		    packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
