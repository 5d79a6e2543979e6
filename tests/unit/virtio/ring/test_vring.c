/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device's half of a ring: cases for both layouts */
#include "tests/unit/virtio/ring/ring_rig.h"

static void test_areas_and_sizes_are_those_of_the_spec(void **state)
{
	static const struct {
		const struct vring_features *features;
		uint32_t size;
		uint64_t desc, driver, device; /* bytes */
	} rows[] = {
		{ &split, 4, 64, 6 + 8, 6 + 32 },
		{ &split, 32768, 524288, 6 + 65536, 6 + 262144 },
		{ &packed, 5, 80, 4, 4 },
		{ &packed, 32768, 524288, 4, 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vring_bytes bytes =
			vring_bytes(rows[i].features, rows[i].size);

		assert_int_equal(bytes.desc, rows[i].desc);
		assert_int_equal(bytes.driver, rows[i].driver);
		assert_int_equal(bytes.device, rows[i].device);
	}
	for (uint32_t i = 1; i <= 32768; i++) {
		assert_true(vring_size_ok(&packed, i));
		assert_int_equal(vring_size_ok(&split, i), !(i & (i - 1)));
	}
	for (size_t i = 0; i < 2; i++) {
		const struct vring_features *f = i ? &packed : &split;

		assert_false(vring_size_ok(f, 0));
		assert_false(vring_size_ok(f, 32769));
		assert_false(vring_size_ok(f, 65536));
		assert_false(vring_size_ok(f, 65536 + 8));
	}
}

static void test_alignment_is_that_of_the_spec(void **state)
{
	static const struct {
		const struct vring_features *features;
		uintptr_t desc, driver, device;
		bool good;
	} rows[] = {
		{ &split, 16, 2, 4, true },   { &split, 24, 2, 4, false },
		{ &split, 17, 2, 4, false },  { &split, 16, 3, 4, false },
		{ &split, 16, 2, 6, false },  { &split, 16, 2, 5, false },
		{ &packed, 16, 4, 4, true },  { &packed, 32, 8, 12, true },
		{ &packed, 24, 4, 4, false }, { &packed, 17, 4, 4, false },
		{ &packed, 16, 6, 4, false }, { &packed, 16, 5, 4, false },
		{ &packed, 16, 4, 6, false }, { &packed, 16, 4, 7, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vring_areas areas = { (void *)rows[i].desc,
					     (void *)rows[i].driver,
					     (void *)rows[i].device };

		assert_int_equal(vring_is_aligned(rows[i].features, &areas),
				 rows[i].good);
	}
}

static void test_empty_ring_pops_nothing(void **state)
{
	struct setup *s = *state;

	for (uint32_t n = 0; n < 3 * SPLIT_SIZE; n++) {
		begin_at(s, s->vring.size, n);
		assert_int_equal(vring_pending(&s->vring), 0);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		assert_null(s->vring.error);
	}
}

static void test_chain_comes_out_in_order(void **state)
{
	static const struct seg segs[] = {
		{ 0x111, 10, 0 },
		{ 0x222, 20, 0 },
		{ 0x333, 30, WRITE },
		{ 0x444, 1, WRITE },
	};
	struct setup *s = *state;

	offer_segs(s, segs, 4, 3);
	assert_int_equal(vring_pending(&s->vring), 1);
	pop_chain(s, 4, 3);
	assert_int_equal(s->chain.readable, 2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(s->chain.segs[i].addr, segs[i].addr);
		assert_int_equal(s->chain.segs[i].len, segs[i].len);
	}
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
	vring_push(&s->vring, &s->chain, 31);
	expect_used(s, 4, 3, 31);
}

static void test_misordered_chain_is_popped_and_noted(void **state)
{
	static const struct seg segs[] = { { 0x111, 1, WRITE },
					   { 0x222, 32, 0 } };
	struct setup *s = *state;

	offer_segs(s, segs, 2, 2);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_true(s->chain.misordered);
	assert_int_equal(s->chain.write_len, 1);
	vring_push(&s->vring, &s->chain, 0);
	expect_used(s, 2, 2, 0);
}

static void test_unpopped_chain_comes_again_wherever_it_is(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint16_t most = sizes[i] < MAX_SEGS ? sizes[i] : MAX_SEGS;

		if (!vring_size_ok(&s->vring.features, sizes[i]))
			continue;
		begin_at(s, sizes[i], sizes[i] - 1u);
		for (unsigned int n = 0; n < 5u * MAX_SEGS; n++) {
			uint16_t count = n % most + 1, id = nth_id(s, n);
			uint32_t base = vring_base(&s->vring);

			offer_chain(s, count, id);
			for (int again = 0; again < 3; again++) {
				pop_chain(s, count, id);
				vring_unpop(&s->vring, &s->chain);
				assert_int_equal(vring_base(&s->vring), base);
				assert_int_equal(vring_pending(&s->vring), 1);
			}
			serve_one(s);
			expect_used(s, count, id, 1);
		}
	}
}

/* Unpops the first of two chains. */
static void test_unpopped_chain_comes_before_the_next(void **state)
{
	struct setup *s = *state;

	offer_chain(s, 1, 3);
	offer_chain(s, 1, 4);
	pop_chain(s, 1, 3);
	vring_unpop(&s->vring, &s->chain);
	assert_int_equal(vring_pending(&s->vring), 2);
	pop_chain(s, 1, 3);
	pop_chain(s, 1, 4);
}

static void test_ring_goes_round_at_every_base(void **state)
{
	static const uint32_t bases[] = { 0, 7, 32767, 32768, 65530, 65535 };
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(bases); i++) {
		begin_at(s, s->vring.size, bases[i]);
		for (uint32_t n = 0; n < 3u * SPLIT_SIZE; n++) {
			go_round(s, 1, nth_id(s, n * 3));
			assert_int_equal(vring_pending(&s->vring), 0);
			assert_int_equal(
				vring_base(&s->vring),
				base_at(s, s->vring.size, bases[i] + n + 1));
		}
	}
}

/* Several rounds with one chain at a time, then with a full ring. */
static void test_rings_of_all_sizes_go_round(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		uint32_t size = sizes[i];

		if (!vring_size_ok(&s->vring.features, size))
			continue;
		begin_at(s, size, 0);
		for (uint32_t n = 0; n < 4 * size + 3; n++)
			go_round(s, 1, nth_id(s, n * 3));
		assert_int_equal(vring_pending(&s->vring), 0);
		for (uint32_t n = 0; n < 5; n++) {
			for (uint32_t k = 0; k < size; k++)
				offer_chain(s, 1, nth_id(s, n + k));
			assert_int_equal(vring_pending(&s->vring), size);
			for (uint32_t k = 0; k < size; k++)
				serve_one(s);
			assert_int_equal(s->chain.head,
					 nth_id(s, n + size - 1));
			assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
		}
	}
}

static void test_pending_counts_chains(void **state)
{
	struct setup *s = *state;

	begin_at(s, is_packed(s) ? 7 : 8, 4);
	for (unsigned int round = 0; round < 20; round++) {
		offer_chain(s, 3, 1);
		assert_int_equal(vring_pending(&s->vring), 1);
		offer_chain(s, 1, 4);
		assert_int_equal(vring_pending(&s->vring), 2);
		offer_chain(s, 3, 5);
		assert_int_equal(vring_pending(&s->vring), 3);
		for (unsigned int left = 3; left-- > 0;) {
			assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
			assert_int_equal(vring_pending(&s->vring), left);
			vring_push(&s->vring, &s->chain, 0);
		}
		/* The next round begins at another place. */
		offer_chain(s, 1 + round % 3, 0);
		serve_one(s);
	}
}

static void test_chain_of_all_descriptors_is_taken(void **state)
{
	struct setup *s = *state;

	for (uint32_t n = 0; n < 2u * SPLIT_SIZE; n++)
		go_round(s, s->vring.size, nth_id(s, n));
}

static void test_chain_longer_than_its_room_is_broken(void **state)
{
	struct setup *s = *state;

	begin_at(s, 32, 0);
	go_round(s, MAX_SEGS, 1);
	offer_chain(s, MAX_SEGS + 1, 2);
	assert_broken(s, "descriptor chain is too long");
	/* vring_start() clears the error. */
	begin_at(s, 32, 0);
	assert_null(s->vring.error);
	go_round(s, 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_areas_and_sizes_are_those_of_the_spec),
		cmocka_unit_test(test_alignment_is_that_of_the_spec),
		BOTH(test_empty_ring_pops_nothing),
		BOTH(test_chain_comes_out_in_order),
		BOTH(test_misordered_chain_is_popped_and_noted),
		BOTH(test_unpopped_chain_comes_again_wherever_it_is),
		BOTH(test_unpopped_chain_comes_before_the_next),
		BOTH(test_ring_goes_round_at_every_base),
		BOTH(test_rings_of_all_sizes_go_round),
		BOTH(test_pending_counts_chains),
		BOTH(test_chain_of_all_descriptors_is_taken),
		BOTH(test_chain_longer_than_its_room_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
