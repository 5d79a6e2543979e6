/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's half of a packed ring: entries, chains, wrap counters, bases */
#include "tests/unit/virtio/ring/packed_rig.h"

static const uint16_t sizes[] = { 1, 2, 3, 5, 256, 1000, 32767, 32768 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void test_areas_and_sizes_are_those_of_the_spec(void **state)
{
	const struct vring_features packed = { .packed = true };
	struct vring_bytes bytes = vring_bytes(&packed, 5);

	(void)state;
	assert_int_equal(bytes.desc, 80);
	assert_int_equal(bytes.driver, 4);
	assert_int_equal(bytes.device, 4);
	bytes = vring_bytes(&packed, 32768);
	assert_int_equal(bytes.desc, 524288);
	for (uint32_t i = 1; i <= 32768; i++)
		assert_true(vring_size_ok(&packed, i));
	assert_false(vring_size_ok(&packed, 0));
	assert_false(vring_size_ok(&packed, 32769));
	assert_false(vring_size_ok(&packed, 65536 + 8));
}

static void test_alignment_is_16_4_4(void **state)
{
	static const struct {
		uintptr_t desc, driver, device;
		bool good;
	} rows[] = {
		{ 16, 4, 4, true },  { 32, 8, 12, true }, { 24, 4, 4, false },
		{ 17, 4, 4, false }, { 16, 6, 4, false }, { 16, 5, 4, false },
		{ 16, 4, 6, false }, { 16, 4, 7, false },
	};
	const struct vring_features packed = { .packed = true };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vring_areas areas = { (void *)rows[i].desc,
					     (void *)rows[i].driver,
					     (void *)rows[i].device };

		assert_int_equal(vring_is_aligned(&packed, &areas),
				 rows[i].good);
	}
}

/* Whatever the wrap counter: entries are all zero, or used. */
static void test_empty_ring_pops_nothing(void **state)
{
	struct setup *s = *state;

	for (unsigned int wraps = 0; wraps < 4; wraps++) {
		bool avail = wraps & 1, used = wraps & 2;

		assert_int_equal(begin(s, SIZE, base_of(2, avail, 2, used)), 0);
		assert_int_equal(vring_pending(&s->vring), 0);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		for (unsigned int i = 0; i < SIZE; i++)
			s->ring[i].flags = htole16(AVAIL | USED | NEXT);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		assert_int_equal(vring_pending(&s->vring), 0);
		/* What is available for the other time round */
		for (unsigned int i = 0; i < SIZE; i++)
			s->ring[i].flags = htole16(avail ? USED : AVAIL);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		assert_null(s->vring.error);
	}
}

static void test_chain_comes_out_in_order_with_its_last_id(void **state)
{
	struct setup *s = *state;

	offer(s, 0x111, 10, 1, NEXT);
	offer(s, 0x222, 20, 2, NEXT);
	offer(s, 0x333, 30, 3, NEXT | WRITE);
	offer(s, 0x444, 1, 40000, WRITE);
	assert_int_equal(vring_pending(&s->vring), 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, 40000);
	assert_int_equal(s->chain.ring_entries, 4);
	assert_int_equal(s->chain.readable, 2);
	assert_int_equal(s->chain.writable, 2);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(s->chain.segs[i].addr, 0x111 * (i + 1));
	assert_int_equal(s->chain.segs[2].len, 30);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
	vring_push(&s->vring, &s->chain, 31);
	expect_used(s, 4, 40000, 31);
	/* The rest of the chain is left alone. */
	assert_int_equal(le16toh(s->ring[1].flags), NEXT | AVAIL);
	assert_int_equal(le16toh(s->ring[3].id), 40000);
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

	/* The second before the first: not seen. */
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

/* Several rounds with one entry each, then with as many as there are. */
static void test_rings_of_all_sizes_go_round(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < SIZES; i++) {
		uint32_t size = sizes[i];

		begin(s, sizes[i], FIRST_BASE);
		for (uint32_t n = 0; n < 4 * size + 3; n++)
			go_round(s, 1, (uint16_t)(n * 3));
		assert_int_equal(vring_pending(&s->vring), 0);
		for (uint32_t n = 0; n < 5; n++) {
			for (uint32_t k = 0; k < size; k++)
				offer_chain(s, 1, (uint16_t)(n + k));
			assert_int_equal(vring_pending(&s->vring), size);
			for (uint32_t k = 0; k < size; k++)
				serve_one(s);
			assert_int_equal(s->chain.head,
					 (uint16_t)(n + size - 1));
			assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		}
	}
}

/* Chains of 1..@size entries, so that they end and wrap everywhere */
static void test_chains_wrap_in_their_middle(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < SIZES; i++) {
		uint16_t most = sizes[i] < MAX_SEGS ? sizes[i] : MAX_SEGS;
		uint16_t id = 1;

		begin(s, sizes[i], FIRST_BASE);
		if (sizes[i] > 1000) /* near the end, to be there soon */
			begin(s, sizes[i],
			      base_of(sizes[i] - 50, true, sizes[i] - 50,
				      true));
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

static void test_unpopped_chain_comes_again_wherever_it_is(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < SIZES; i++) {
		uint16_t most = sizes[i] < MAX_SEGS ? sizes[i] : MAX_SEGS;
		uint16_t at = sizes[i] - 1;

		begin(s, sizes[i], base_of(at, true, at, true));
		for (unsigned int n = 0; n < 5u * MAX_SEGS; n++) {
			uint16_t count = n % most + 1;
			uint32_t base = vring_base(&s->vring);

			offer_chain(s, count, (uint16_t)n);
			for (int again = 0; again < 3; again++) {
				assert_int_equal(
					vring_pop(&s->vring, &s->chain), 1);
				assert_int_equal(s->chain.head, n);
				assert_int_equal(s->chain.ring_entries, count);
				vring_unpop(&s->vring, &s->chain);
				assert_int_equal(vring_base(&s->vring), base);
				assert_int_equal(vring_pending(&s->vring), 1);
			}
			serve_one(s);
			expect_used(s, count, (uint16_t)n, 1);
		}
	}
}

/* Each of the four parts of a base comes back as it went in. */
static void test_base_goes_in_and_out_with_all_its_bits(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < SIZES; i++) {
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

	for (size_t i = 0; i < SIZES; i++) {
		const uint32_t bad[] = { sizes[i], sizes[i] + 1u, 0x7fff };

		for (unsigned int n = 0; n < 12; n++) {
			uint32_t place = bad[n % 3] | (n / 3 % 2 ? WRAP : 0);

			if ((place & 0x7fff) < sizes[i] || place > 0xffff)
				continue;
			assert_int_equal(
				begin(s, sizes[i], n / 6 ? place : place << 16),
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

static void test_misordered_chain_is_popped_and_noted(void **state)
{
	struct setup *s = *state;

	offer(s, 0x111, 1, 0, NEXT | WRITE);
	offer(s, 0x222, 32, 9, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_true(s->chain.misordered);
	assert_int_equal(s->chain.ring_entries, 2);
	vring_push(&s->vring, &s->chain, 0);
	expect_used(s, 2, 9, 0);
}

static void test_endless_next_is_broken(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < SIZES; i++) {
		begin(s, sizes[i], base_of(sizes[i] / 2, 0, sizes[i] / 2, 0));
		/* Empty ones, which take no room in the chain */
		for (uint32_t n = 0; n < sizes[i]; n++)
			offer(s, 0x100, 0, 1, NEXT);
		/* Its end will never be there, but it will not be one. */
		assert_int_equal(vring_pending(&s->vring), 1);
		assert_broken(s, "descriptors form a loop");
	}
	begin(s, SIZE, FIRST_BASE);
	go_round(s, 1, 1); /* as new */
	assert_null(s->vring.error);
}

static void test_end_of_a_chain_that_is_not_available_is_pending(void **state)
{
	struct setup *s = *state;

	/* What a driver must not do: the device takes it or breaks, soon. */
	offer(s, 0x100, 1, 1, NEXT);
	assert_int_equal(vring_pending(&s->vring), 1);
	assert_true(vring_enable_kick(&s->vring));
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.ring_entries, 2);
}

static void test_pending_counts_chains(void **state)
{
	struct setup *s = *state;

	begin(s, 7, base_of(4, true, 4, true));
	for (unsigned int round = 0; round < 20; round++) {
		offer_chain(s, 3, 1);
		assert_int_equal(vring_pending(&s->vring), 1);
		offer_chain(s, 1, 2);
		assert_int_equal(vring_pending(&s->vring), 2);
		offer_chain(s, 3, 3);
		assert_int_equal(vring_pending(&s->vring), 3);
		for (unsigned int left = 3; left-- > 0;) {
			assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
			assert_int_equal(vring_pending(&s->vring), left);
			vring_push(&s->vring, &s->chain, 0);
		}
		/* where the next round begins, in another place */
		offer_chain(s, 1 + round % 3, 0);
		serve_one(s);
	}
}

static void test_chain_longer_than_its_room_is_broken(void **state)
{
	struct setup *s = *state;

	begin(s, 32, FIRST_BASE);
	go_round(s, MAX_SEGS, 1);
	offer_chain(s, MAX_SEGS + 1, 2);
	assert_broken(s, "descriptor chain is too long");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_areas_and_sizes_are_those_of_the_spec),
		cmocka_unit_test(test_alignment_is_16_4_4),
		TEST(test_empty_ring_pops_nothing),
		TEST(test_chain_comes_out_in_order_with_its_last_id),
		TEST(test_used_entry_says_whether_something_was_written),
		TEST(test_entry_is_available_by_its_own_flags_alone),
		TEST(test_rings_of_all_sizes_go_round),
		TEST(test_chains_wrap_in_their_middle),
		TEST(test_push_goes_as_far_as_its_chain_is_long),
		TEST(test_unpopped_chain_comes_again_wherever_it_is),
		TEST(test_base_goes_in_and_out_with_all_its_bits),
		TEST(test_base_outside_the_ring_is_refused),
		TEST(test_ring_goes_on_from_its_base),
		TEST(test_misordered_chain_is_popped_and_noted),
		TEST(test_endless_next_is_broken),
		TEST(test_end_of_a_chain_that_is_not_available_is_pending),
		TEST(test_pending_counts_chains),
		TEST(test_chain_longer_than_its_room_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
