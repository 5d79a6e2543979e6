/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Split rings: the avail ring and the descriptor table, valid and invalid */
#include "tests/unit/virtio/ring/ring_rig.h"

#define SIZE SPLIT_SIZE

static void test_chain_follows_its_links(void **state)
{
	struct setup *s = *state;
	struct virtq_desc *d = s->ring.desc;

	hand_desc(&d[5], 0x111, 10, NEXT, 2);
	hand_desc(&d[2], 0x222, 20, NEXT, 7);
	hand_desc(&d[7], 0x333, 30, NEXT | WRITE, 0);
	hand_desc(&d[0], 0x444, 1, WRITE, 3 /* ignored */);
	hand_offer(&s->ring, 5);
	pop_chain(s, 4, 5);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(s->chain.segs[i].addr, 0x111 * (i + 1));
	vring_push(&s->vring, &s->chain, 31);
	assert_int_equal(le16toh(s->ring.used->idx), 1);
	expect_used(s, 4, 5, 31);
}

static void test_one_more_than_the_ring_has_is_a_jump(void **state)
{
	struct setup *s = *state;

	begin(s, SIZE, 65532);
	for (uint16_t i = 0; i < SIZE + 1; i++)
		offer_chain(s, 1, i % SIZE);
	assert_broken(s, "avail index jumped");
}

static void test_avail_index_that_goes_back_is_a_jump(void **state)
{
	struct setup *s = *state;

	begin(s, SIZE, 5);
	s->ring.avail->idx = htole16(4);
	assert_broken(s, "avail index jumped");

	begin(s, VIRTQ_MAX_SIZE, 40001);
	s->ring.avail->idx = htole16((uint16_t)(40001 + 32769));
	assert_broken(s, "avail index jumped");
}

static void test_head_outside_the_table_is_broken(void **state)
{
	static const uint16_t heads[] = { SIZE, 32768, 65535 };
	struct setup *s = *state;

	for (size_t i = 0; i < COUNT(heads); i++) {
		begin(s, SIZE, 0);
		hand_offer(&s->ring, heads[i]);
		assert_broken(s, "avail ring names no descriptor");
	}
	begin(s, VIRTQ_MAX_SIZE, 40000);
	go_round(s, 1, VIRTQ_MAX_SIZE - 1);
}

static void test_invalid_chains_are_broken(void **state)
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

	/* A loop of empty descriptors, which take no segment of the chain */
	begin(s, SIZE, 0);
	hand_desc(&d[1], 0x100, 0, NEXT, 2);
	hand_desc(&d[2], 0x100, 0, NEXT, 1);
	hand_offer(&s->ring, 1);
	assert_broken(s, "descriptors form a loop");
}

static void test_start_takes_the_used_index_from_the_ring(void **state)
{
	struct setup *s = *state;

	/* With requests in flight, the avail and used indexes differ. */
	s->ring.used->idx = htole16(65535);
	vring_start(&s->vring, 3);
	s->ring.avail_idx = 3;
	offer_chain(s, 1, 0);
	serve_one(s);
	assert_int_equal(s->ring.used->idx, 0);
	assert_int_equal(le32toh(s->ring.used->ring[7].len), 1);
	assert_int_equal(s->vring.avail_idx, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_chain_follows_its_links, split),
		ROW(test_one_more_than_the_ring_has_is_a_jump, split),
		ROW(test_avail_index_that_goes_back_is_a_jump, split),
		ROW(test_head_outside_the_table_is_broken, split),
		ROW(test_invalid_chains_are_broken, split),
		ROW(test_start_takes_the_used_index_from_the_ring, split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
