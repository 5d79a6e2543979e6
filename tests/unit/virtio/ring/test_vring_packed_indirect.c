/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Indirect descriptors of packed rings (2.8.7): no links, one entry each */
#include "tests/unit/virtio/ring/packed_rig.h"

#define TABLE_LEN (4 * sizeof(struct virtq_packed_desc))

/* Writes @count descriptors to guest address @addr, over the border too. */
static void put_table(struct setup *s, uint64_t addr,
		      const struct virtq_packed_desc *table, unsigned int count)
{
	const uint8_t *bytes = (const uint8_t *)table;

	for (size_t i = 0; i < count * sizeof(*table); i++, addr++)
		*(uint8_t *)ram_at(addr < BORDER ? &s->low : &s->high, addr) =
			bytes[i];
}

/* A table of four, with other bits that mean nothing */
static void put_four(struct setup *s, uint64_t addr, unsigned int flags,
		     uint16_t id)
{
	struct virtq_packed_desc table[4];

	put_desc(&table[0], 0x111, 32, id, flags);
	put_desc(&table[1], 0x222, 5, id, flags);
	put_desc(&table[2], 0x333, 5, id, flags | WRITE);
	put_desc(&table[3], 0x444, 1, id, flags | WRITE);
	put_table(s, addr, table, 4);
}

static void expect_four(struct setup *s, uint16_t id)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, id);
	assert_int_equal(s->chain.ring_entries, 1);
	assert_int_equal(s->chain.readable, 2);
	assert_int_equal(s->chain.writable, 2);
	assert_int_equal(s->chain.read_len, 37);
	assert_int_equal(s->chain.write_len, 6);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(s->chain.segs[i].addr, 0x111 * (i + 1));
	vring_push(&s->vring, &s->chain, 6);
	expect_used(s, 1, id, 6);
}

/* As a driver would after a reset */
static void expect_broken(struct setup *s, const char *why)
{
	assert_broken(s, why);
	begin(s, SIZE, FIRST_BASE);
}

static void test_table_is_read_in_its_order_at_any_address(void **state)
{
	struct setup *s = *state;

	for (uint64_t at = BORDER - TABLE_LEN - 1; at <= BORDER + 1; at++) {
		put_four(s, at, 0, 0);
		offer(s, at, TABLE_LEN, (uint16_t)at, INDIRECT);
		assert_int_equal(vring_pending(&s->vring), 1);
		expect_four(s, (uint16_t)at);
	}
}

static void test_flags_and_ids_in_a_table_mean_nothing(void **state)
{
	struct setup *s = *state;

	for (unsigned int bit = 0; bit < 16; bit++) {
		if (1u << bit == WRITE)
			continue;
		put_four(s, BORDER, 1u << bit, (uint16_t)(0xffff - bit));
		offer(s, BORDER, TABLE_LEN, 3, INDIRECT);
		expect_four(s, 3);
	}
	put_four(s, BORDER, 0xffff & ~WRITE, 0xffff);
	offer(s, BORDER, TABLE_LEN, 4, INDIRECT);
	expect_four(s, 4);
}

static void test_write_flag_of_the_leading_entry_means_nothing(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER, 0, 0);
	offer(s, BORDER, TABLE_LEN, 3, INDIRECT | WRITE);
	expect_four(s, 3);
}

static void test_direct_and_indirect_buffers_alternate(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER, NEXT, 0);
	for (unsigned int i = 0; i < 50; i++) {
		go_round(s, i % SIZE + 1, (uint16_t)i);
		offer(s, BORDER, TABLE_LEN, 3, INDIRECT);
		expect_four(s, 3);
	}
}

static void test_unpopped_table_comes_again(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER, 0, 0);
	for (unsigned int i = 0; i < 3 * SIZE; i++) {
		uint32_t base = vring_base(&s->vring);

		offer(s, BORDER, TABLE_LEN, 3, INDIRECT);
		assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
		vring_unpop(&s->vring, &s->chain);
		assert_int_equal(vring_base(&s->vring), base);
		expect_four(s, 3);
	}
}

static void test_table_that_was_not_negotiated_is_broken(void **state)
{
	struct setup *s = *state;

	s->vring.features.indirect = false;
	put_four(s, BORDER, 0, 0);
	offer(s, BORDER, TABLE_LEN, 3, INDIRECT);
	expect_broken(s, "indirect descriptor was not negotiated");
}

static void test_table_in_a_chain_is_broken(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER, 0, 0);
	offer(s, BORDER, TABLE_LEN, 3, INDIRECT | NEXT);
	offer(s, 0x555, 1, 3, WRITE);
	expect_broken(s, "indirect descriptor is in a chain");

	offer(s, 0x555, 1, 3, NEXT);
	offer(s, BORDER, TABLE_LEN, 3, INDIRECT);
	expect_broken(s, "indirect descriptor is in a chain");

	/* after entries that take no room */
	offer(s, 0x555, 0, 3, NEXT);
	offer(s, 0x555, 0, 3, NEXT);
	offer(s, BORDER, TABLE_LEN, 3, INDIRECT);
	expect_broken(s, "indirect descriptor is in a chain");
}

static void test_table_may_be_longer_than_the_ring(void **state)
{
	struct virtq_packed_desc table[MAX_SEGS + 1];
	struct setup *s = *state;

	for (unsigned int i = 0; i <= MAX_SEGS; i++)
		put_desc(&table[i], 0x100 + i, 1, 0, 0);
	put_table(s, BORDER, table, MAX_SEGS + 1);
	offer(s, BORDER, MAX_SEGS * 16, 1, INDIRECT);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, MAX_SEGS);
	vring_push(&s->vring, &s->chain, 0);
	expect_used(s, 1, 1, 0);
	offer(s, BORDER, (MAX_SEGS + 1) * 16, 1, INDIRECT);
	expect_broken(s, "descriptor chain is too long");
}

static void test_table_of_empty_buffers_has_its_limit(void **state)
{
	struct setup *s = *state;

	memset(ram_at(&s->high, BORDER), 0, HIGH_SIZE);
	offer(s, BORDER, VIRTQ_MAX_SIZE * 16, 1, INDIRECT);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, 0);
	assert_int_equal(s->chain.ring_entries, 1);
	vring_push(&s->vring, &s->chain, 0);
	offer(s, BORDER, (VIRTQ_MAX_SIZE + 1) * 16, 1, INDIRECT);
	expect_broken(s, "descriptor chain is too long");
	for (int i = 0; i < 20; i++) {
		offer(s, BORDER, UINT32_MAX - 15, 1, INDIRECT);
		expect_broken(s, "descriptor chain is too long");
	}
}

static void test_table_of_a_bad_length_is_broken(void **state)
{
	static const uint32_t lens[] = { 0, 1, 15, 17, 63, 65, UINT32_MAX };
	struct setup *s = *state;

	put_four(s, BORDER, 0, 0);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		offer(s, BORDER, lens[i], 1, INDIRECT);
		expect_broken(s, "indirect table has a bad length");
	}
}

static void test_table_outside_memory_is_broken(void **state)
{
	struct setup *s = *state;
	const uint64_t end = BORDER + HIGH_SIZE;
	const uint64_t places[] = {
		0,	    LOW - 16,	     LOW - 1,
		end,	    end - 31,	     end - 16,
		UINT64_MAX, UINT64_MAX - 15, UINT64_MAX - 31,
		1ull << 63,
	};

	memset(ram_at(&s->high, end - 16), 0, 16);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		offer(s, places[i], 32, 1, INDIRECT);
		expect_broken(s, "indirect table is not in memory");
	}
}

static void test_table_may_lie_in_the_ring_itself(void **state)
{
	struct setup *s = *state;

	/* Odd, but legal: where the ring is not in use. */
	put_four(s, LOW + 16, 0, 0);
	offer(s, LOW + 16, TABLE_LEN, 3, INDIRECT);
	expect_four(s, 3);
}

static void test_misordered_table_is_popped_and_noted(void **state)
{
	struct virtq_packed_desc table[2];
	struct setup *s = *state;

	put_desc(&table[0], 0x111, 1, 0, WRITE);
	put_desc(&table[1], 0x222, 32, 0, 0);
	put_table(s, BORDER, table, 2);
	offer(s, BORDER, sizeof(table), 3, INDIRECT);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_true(s->chain.misordered);
}

#define TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup_indirect, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table_is_read_in_its_order_at_any_address),
		TEST(test_flags_and_ids_in_a_table_mean_nothing),
		TEST(test_write_flag_of_the_leading_entry_means_nothing),
		TEST(test_direct_and_indirect_buffers_alternate),
		TEST(test_unpopped_table_comes_again),
		TEST(test_table_that_was_not_negotiated_is_broken),
		TEST(test_table_in_a_chain_is_broken),
		TEST(test_table_may_be_longer_than_the_ring),
		TEST(test_table_of_empty_buffers_has_its_limit),
		TEST(test_table_of_a_bad_length_is_broken),
		TEST(test_table_outside_memory_is_broken),
		TEST(test_table_may_lie_in_the_ring_itself),
		TEST(test_misordered_table_is_popped_and_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
