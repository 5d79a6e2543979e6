/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <errno.h>

#include "tests/unit/virtio/ring/vring_rig.h"

#define NEXT  VIRTQ_DESC_F_NEXT
#define WRITE VIRTQ_DESC_F_WRITE

static void assert_broken(struct setup *s, const char *why)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), -EPROTO);
	assert_string_equal(s->vring.error, why);
}

static void test_sizes_are_those_of_the_spec(void **state)
{
	(void)state;
	const struct vring_features split = { 0 };
	struct vring_bytes bytes = vring_bytes(&split, 4);

	assert_int_equal(bytes.desc, 64);
	assert_int_equal(bytes.driver, 6 + 8);
	assert_int_equal(bytes.device, 6 + 32);
	bytes = vring_bytes(&split, 32768);
	assert_int_equal(bytes.desc, 524288);
	assert_int_equal(bytes.driver, 6 + 65536);
	assert_int_equal(bytes.device, 6 + 262144);
}

static void test_alignment_is_16_2_4(void **state)
{
	const uintptr_t off[][3] = {
		{ 8, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 2 }, { 0, 0, 1 }
	};
	const struct vring_features split = { 0 };
	struct vring_areas good = { (void *)16, (void *)2, (void *)4 };

	(void)state;
	assert_true(vring_is_aligned(&split, &good));
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		struct vring_areas bad = {
			(void *)(16 + off[i][0]),
			(void *)(2 + off[i][1]),
			(void *)(4 + off[i][2]),
		};

		assert_false(vring_is_aligned(&split, &bad));
	}
}

static void test_empty_ring_pops_nothing(void **state)
{
	struct setup *s = *state;

	assert_int_equal(vring_pending(&s->vring), 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);
	assert_null(s->vring.error);
}

static void test_chain_comes_out_in_order_with_its_head(void **state)
{
	struct setup *s = *state;
	struct virtq_desc *d = s->ring.desc;

	hand_desc(&d[5], 0x111, 10, NEXT, 2);
	hand_desc(&d[2], 0x222, 20, NEXT, 7);
	hand_desc(&d[7], 0x333, 30, NEXT | WRITE, 0);
	hand_desc(&d[0], 0x444, 1, WRITE, 3 /* means nothing */);
	hand_offer(&s->ring, 5);
	assert_int_equal(vring_pending(&s->vring), 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, 5);
	assert_int_equal(s->chain.readable, 2);
	assert_int_equal(s->chain.writable, 2);
	assert_int_equal(s->chain.segs[1].addr, 0x222);
	assert_int_equal(s->chain.segs[2].addr, 0x333);
	assert_int_equal(s->chain.segs[3].len, 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);

	vring_push(&s->vring, &s->chain, 31);
	assert_int_equal(le16toh(s->ring.used->idx), 1);
	assert_int_equal(le32toh(s->ring.used->ring[0].id), 5);
	assert_int_equal(le32toh(s->ring.used->ring[0].len), 31);
}

static void test_misordered_chain_is_popped_and_noted(void **state)
{
	struct setup *s = *state;

	hand_desc(&s->ring.desc[0], 0x111, 1, NEXT | WRITE, 1);
	hand_desc(&s->ring.desc[1], 0x222, 32, 0, 0);
	hand_offer(&s->ring, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_true(s->chain.misordered);
	assert_int_equal(s->chain.write_len, 1);
}

static void test_unpopped_chain_comes_again(void **state)
{
	struct setup *s = *state;

	offer_one(s, 3);
	offer_one(s, 4);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	vring_unpop(&s->vring, &s->chain);
	assert_int_equal(vring_pending(&s->vring), 2);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, 3);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, 4);
}

static void test_ring_goes_round_at_every_base(void **state)
{
	static const uint16_t bases[] = { 0, 7, 32767, 32768, 65530, 65535 };
	struct setup *s = *state;

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		begin(s, SIZE, bases[i]);
		for (unsigned int n = 0; n < 3 * SIZE; n++) {
			uint16_t at = (uint16_t)(bases[i] + n);
			uint16_t head = (uint16_t)(n * 3 % SIZE);

			offer_one(s, head);
			serve_one(s);
			assert_int_equal(le16toh(s->ring.used->idx),
					 (uint16_t)(at + 1));
			assert_int_equal(
				le32toh(s->ring.used->ring[at % SIZE].id),
				head);
			assert_int_equal(vring_pending(&s->vring), 0);
		}
	}
}

static void test_full_ring_is_served_one_more_is_a_jump(void **state)
{
	struct setup *s = *state;

	begin(s, SIZE, 65532);
	for (uint16_t i = 0; i < SIZE; i++)
		offer_one(s, i);
	assert_int_equal(vring_pending(&s->vring), SIZE);
	for (uint16_t i = 0; i < SIZE; i++)
		serve_one(s);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 0);

	for (uint16_t i = 0; i < SIZE + 1; i++)
		offer_one(s, i % SIZE);
	assert_broken(s, "avail index jumped");
}

static void test_avail_index_that_goes_back_is_a_jump(void **state)
{
	struct setup *s = *state;

	begin(s, SIZE, 5);
	s->ring.avail->idx = htole16(4);
	assert_broken(s, "avail index jumped");
	assert_int_equal(s->vring.avail_idx, 5);
}

static void test_smallest_and_largest_ring_work(void **state)
{
	struct setup *s = *state;

	begin(s, 1, 65535);
	for (int i = 0; i < 3; i++) {
		offer_one(s, 0);
		serve_one(s);
	}
	assert_int_equal(le16toh(s->ring.used->idx), 2);

	begin(s, VIRTQ_MAX_SIZE, 40000);
	offer_one(s, VIRTQ_MAX_SIZE - 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, VIRTQ_MAX_SIZE - 1);
	vring_push(&s->vring, &s->chain, 1);
	assert_int_equal(s->ring.used->ring[40000 % VIRTQ_MAX_SIZE].len, 1);
	s->ring.avail->idx = htole16((uint16_t)(40001 + 32769));
	assert_broken(s, "avail index jumped");
}

static void test_head_outside_the_table_is_broken(void **state)
{
	static const uint16_t heads[] = { SIZE, 32768, 65535 };
	struct setup *s = *state;

	for (int i = 0; i < 3; i++) {
		begin(s, SIZE, 0);
		hand_offer(&s->ring, heads[i]);
		assert_broken(s, "avail ring names no descriptor");
		assert_int_equal(s->vring.avail_idx, 0);
	}
}

static void test_chains_that_lie_are_broken(void **state)
{
	struct setup *s = *state;
	struct virtq_desc *d = s->ring.desc;

	hand_desc(&d[0], 0x100, 1, NEXT, SIZE);
	hand_offer(&s->ring, 0);
	assert_broken(s, "descriptor is out of its table");

	begin(s, SIZE, 0);
	hand_desc(&d[0], 0x100, 1, NEXT, 0);
	hand_offer(&s->ring, 0);
	assert_broken(s, "descriptors form a loop");

	/* A loop of what takes no room in the chain ends too. */
	begin(s, SIZE, 0);
	hand_desc(&d[1], 0x100, 0, NEXT, 2);
	hand_desc(&d[2], 0x100, 0, NEXT, 1);
	hand_offer(&s->ring, 1);
	assert_broken(s, "descriptors form a loop");

	begin(s, SIZE, 0);
	hand_desc(&d[0], s->ring.buffers, 16, VIRTQ_DESC_F_INDIRECT, 0);
	hand_offer(&s->ring, 0);
	assert_broken(s, "indirect descriptor was not negotiated");

	/* After vring_start() it is as new. */
	begin(s, SIZE, 0);
	assert_null(s->vring.error);
	offer_one(s, 0);
	serve_one(s);
}

static void test_chain_of_all_descriptors_is_taken(void **state)
{
	struct setup *s = *state;

	for (unsigned int i = 0; i < SIZE; i++)
		hand_desc(&s->ring.desc[i], 0x100, 1, i < SIZE - 1 ? NEXT : 0,
			  i + 1);
	hand_offer(&s->ring, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, SIZE);
}

static void test_chain_longer_than_its_room_is_broken(void **state)
{
	struct setup *s = *state;

	begin(s, 32, 0);
	for (unsigned int i = 0; i <= MAX_SEGS; i++)
		hand_desc(&s->ring.desc[i], 0x100, 1, i < MAX_SEGS ? NEXT : 0,
			  i + 1);
	hand_offer(&s->ring, 1);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, MAX_SEGS);
	hand_offer(&s->ring, 0);
	assert_broken(s, "descriptor chain is too long");
}

static void test_start_takes_the_used_index_from_the_ring(void **state)
{
	struct setup *s = *state;

	/* The driver's indexes need not be the same: requests in flight. */
	s->ring.used->idx = htole16(65535);
	vring_start(&s->vring, 3);
	s->ring.avail_idx = 3;
	offer_one(s, 0);
	serve_one(s);
	assert_int_equal(s->ring.used->idx, 0);
	assert_int_equal(le32toh(s->ring.used->ring[7].len), 1);
	assert_int_equal(s->vring.avail_idx, 4);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_are_those_of_the_spec),
		cmocka_unit_test(test_alignment_is_16_2_4),
		TEST(test_empty_ring_pops_nothing),
		TEST(test_chain_comes_out_in_order_with_its_head),
		TEST(test_misordered_chain_is_popped_and_noted),
		TEST(test_unpopped_chain_comes_again),
		TEST(test_ring_goes_round_at_every_base),
		TEST(test_full_ring_is_served_one_more_is_a_jump),
		TEST(test_avail_index_that_goes_back_is_a_jump),
		TEST(test_smallest_and_largest_ring_work),
		TEST(test_head_outside_the_table_is_broken),
		TEST(test_chains_that_lie_are_broken),
		TEST(test_chain_of_all_descriptors_is_taken),
		TEST(test_chain_longer_than_its_room_is_broken),
		TEST(test_start_takes_the_used_index_from_the_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
