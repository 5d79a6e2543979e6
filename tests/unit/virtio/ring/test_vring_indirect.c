/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Indirect descriptors (2.7.5.3, 2.8.7): valid tables at any address, and
 * invalid tables. Tables of packed rings have no links and take one entry of
 * the ring.
 */
#include "tests/unit/virtio/ring/ring_rig.h"

#define DESC	  16u /* bytes of a descriptor of either layout */
#define TABLE_LEN (4 * DESC)
#define ID	  3

static const struct vring_features split_indirect = { .indirect = true };
static const struct vring_features packed_indirect = { .packed = true,
						       .indirect = true };

#define INDIRECT_BOTH(test) \
	ROW(test, split_indirect), ROW(test, packed_indirect)

/* Copies to guest address @addr, over the border if need be. */
static void put_bytes(struct setup *s, uint64_t addr, const void *from,
		      size_t len)
{
	const uint8_t *bytes = from;

	for (size_t i = 0; i < len; i++, addr++)
		*(uint8_t *)ram_at(addr < BORDER ? &s->low : &s->high, addr) =
			bytes[i];
}

/* Descriptor @i of a table at @addr. Only split rings need its NEXT flag. */
static void put_entry(struct setup *s, uint64_t addr, unsigned int i,
		      const struct seg *seg, bool last)
{
	struct virtq_packed_desc entry;
	struct virtq_desc desc;

	put_desc(&entry, seg->addr, seg->len, 0, seg->flags);
	hand_desc(&desc, seg->addr, seg->len, seg->flags | (last ? 0 : NEXT),
		  i + 1);
	put_bytes(s, addr + i * DESC,
		  is_packed(s) ? (const void *)&entry : (const void *)&desc,
		  DESC);
}

static void put_table(struct setup *s, uint64_t addr, const struct seg *segs,
		      unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		put_entry(s, addr, i, &segs[i], i == count - 1);
}

/* Writes a table of four descriptors, in order. */
static void put_four(struct setup *s, uint64_t addr)
{
	static const struct seg segs[] = {
		{ 0x111, 32, 0 },
		{ 0x222, 5, 0 },
		{ 0x333, 5, WRITE },
		{ 0x444, 1, WRITE },
	};

	put_table(s, addr, segs, 4);
}

static void offer_table(struct setup *s, uint64_t addr, uint32_t len,
			unsigned int flags)
{
	const struct seg seg = { addr, len, flags | INDIRECT };

	offer_segs(s, &seg, 1, ID);
}

static void pop_four(struct setup *s)
{
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.head, ID);
	if (is_packed(s))
		assert_int_equal(s->chain.ring_entries, 1);
	assert_int_equal(s->chain.readable, 2);
	assert_int_equal(s->chain.writable, 2);
	assert_int_equal(s->chain.read_len, 37);
	assert_int_equal(s->chain.write_len, 6);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(s->chain.segs[i].addr, 0x111 * (i + 1));
}

static void expect_four(struct setup *s)
{
	pop_four(s);
	vring_push(&s->vring, &s->chain, 6);
	expect_used(s, 1, ID, 6);
}

/* Starts a new ring afterwards, as a driver does after a reset. */
static void expect_broken(struct setup *s, const char *why)
{
	assert_broken(s, why);
	begin_at(s, s->vring.size, 0);
}

static void test_table_is_read_in_its_order_at_any_address(void **state)
{
	struct setup *s = *state;

	for (uint64_t at = BORDER - TABLE_LEN - 1; at <= BORDER + 1; at++) {
		put_four(s, at);
		offer_table(s, at, TABLE_LEN, 0);
		assert_int_equal(vring_pending(&s->vring), 1);
		expect_four(s);
	}
}

static void test_flags_and_ids_in_a_table_mean_nothing(void **state)
{
	struct setup *s = *state;
	struct virtq_packed_desc *table = ram_at(&s->high, BORDER);

	for (unsigned int bit = 0; bit < 17; bit++) {
		unsigned int flags = bit < 16 ? 1u << bit : 0xffff;

		put_four(s, BORDER);
		for (unsigned int i = 0; i < 4; i++) {
			table[i].flags |= htole16(flags & ~WRITE);
			table[i].id = htole16((uint16_t)(0xffff - bit));
		}
		offer_table(s, BORDER, TABLE_LEN, 0);
		expect_four(s);
	}
}

static void test_write_flag_of_the_leading_one_means_nothing(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER);
	offer_table(s, BORDER, TABLE_LEN, WRITE);
	expect_four(s);
}

static void test_direct_and_indirect_buffers_alternate(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER);
	for (unsigned int i = 0; i < 50; i++) {
		go_round(s, i % s->vring.size + 1, nth_id(s, i));
		offer_table(s, BORDER, TABLE_LEN, 0);
		expect_four(s);
	}
}

static void test_unpopped_table_comes_again(void **state)
{
	struct setup *s = *state;

	put_four(s, BORDER);
	for (unsigned int i = 0; i < 3 * SPLIT_SIZE; i++) {
		uint32_t base = vring_base(&s->vring);

		offer_table(s, BORDER, TABLE_LEN, 0);
		pop_four(s);
		vring_unpop(&s->vring, &s->chain);
		assert_int_equal(vring_base(&s->vring), base);
		expect_four(s);
	}
}

static void test_table_that_was_not_negotiated_is_broken(void **state)
{
	struct setup *s = *state;

	s->vring.features.indirect = false;
	put_four(s, BORDER);
	offer_table(s, BORDER, TABLE_LEN, 0);
	expect_broken(s, "indirect descriptor was not negotiated");
}

/* Split rings may have direct descriptors before the table. */
static void test_table_follows_direct_descriptors(void **state)
{
	const struct seg segs[] = { { 0x999, 7, 0 },
				    { BORDER, TABLE_LEN, INDIRECT } };
	struct setup *s = *state;

	put_four(s, BORDER);
	offer_segs(s, segs, 2, ID);
	pop_chain(s, 5, ID);
	assert_int_equal(s->chain.segs[0].addr, 0x999);
	assert_int_equal(s->chain.readable, 3);
}

static void test_table_in_a_chain_is_broken(void **state)
{
	const struct seg table = { BORDER, TABLE_LEN, INDIRECT };
	const struct seg byte = { 0x555, 1, 0 }, empty = { 0x555, 0, 0 };
	const struct {
		struct seg segs[3];
		unsigned int count;
	} rows[] = {
		{ { table, byte }, 2 },
		{ { byte, table }, 2 },
		{ { empty, empty, table }, 3 }, /* which take no room */
	};
	struct setup *s = *state;

	put_four(s, BORDER);
	for (size_t i = 0; i < COUNT(rows); i++) {
		offer_segs(s, rows[i].segs, rows[i].count, ID);
		expect_broken(s, "indirect descriptor is in a chain");
	}
}

static void test_table_may_be_longer_than_the_ring(void **state)
{
	struct seg segs[MAX_SEGS + 1];
	struct setup *s = *state;

	for (unsigned int i = 0; i <= MAX_SEGS; i++)
		segs[i] = (struct seg){ 0x100 + i, 1, 0 };
	put_table(s, BORDER, segs, MAX_SEGS);
	offer_table(s, BORDER, MAX_SEGS * DESC, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, MAX_SEGS);
	vring_push(&s->vring, &s->chain, 0);
	expect_used(s, 1, ID, 0);

	put_table(s, BORDER, segs, MAX_SEGS + 1);
	offer_table(s, BORDER, (MAX_SEGS + 1) * DESC, 0);
	expect_broken(s, "descriptor chain is too long");
}

static void test_table_of_empty_buffers_has_its_limit(void **state)
{
	struct setup *s = *state;

	memset(ram_at(&s->high, BORDER), 0, HIGH_SIZE);
	offer_table(s, BORDER, VIRTQ_MAX_SIZE * DESC, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_int_equal(s->chain.readable, 0);
	assert_int_equal(s->chain.ring_entries, 1);
	vring_push(&s->vring, &s->chain, 0);
	offer_table(s, BORDER, (VIRTQ_MAX_SIZE + 1) * DESC, 0);
	expect_broken(s, "descriptor chain is too long");
}

/* Empty descriptors take no segment. Most of the table is not in memory. */
static void test_loop_of_nothing_in_a_table_of_4_gib_ends_soon(void **state)
{
	static const struct seg nothing = { 0, 0, 0 };
	struct setup *s = *state;

	memset(ram_at(&s->high, BORDER), 0, HIGH_SIZE);
	put_entry(s, BORDER, 0, &nothing, false);
	if (!is_packed(s))
		hand_desc(ram_at(&s->high, BORDER + DESC), 0, 0, NEXT, 0);
	for (int i = 0; i < 20; i++) {
		offer_table(s, BORDER, UINT32_MAX - 15, 0);
		expect_broken(s, "descriptor chain is too long");
	}
}

static void test_table_of_a_bad_length_is_broken(void **state)
{
	static const uint32_t lens[] = { 0, 1, 15, 17, 63, 65, UINT32_MAX };
	struct setup *s = *state;

	put_four(s, BORDER);
	for (size_t i = 0; i < COUNT(lens); i++) {
		offer_table(s, BORDER, lens[i], 0);
		expect_broken(s, "indirect table has a bad length");
	}
}

static void test_table_outside_memory_is_broken(void **state)
{
	static const struct seg first = { 0x1, 1, 0 };
	struct setup *s = *state;
	const uint64_t end = BORDER + HIGH_SIZE;
	const uint64_t places[] = {
		0,	    LOW - DESC, LOW - 1,	 end,
		end - 15,   UINT64_MAX, UINT64_MAX - 31, UINT64_MAX - 15,
		1ull << 63,
	};

	for (size_t i = 0; i < COUNT(places); i++) {
		for (unsigned int count = 1; count <= 2; count++) {
			offer_table(s, places[i], count * DESC, 0);
			expect_broken(s, "indirect table is not in memory");
		}
	}
	/* Only the first descriptor is in memory. */
	put_entry(s, end - DESC, 0, &first, false);
	offer_table(s, end - DESC, 2 * DESC, 0);
	expect_broken(s, "indirect table is not in memory");
	put_entry(s, end - 31, 0, &first, false);
	offer_table(s, end - 31, 2 * DESC, 0);
	expect_broken(s, "indirect table is not in memory");
}

static void test_invalid_tables_are_broken(void **state)
{
	struct setup *s = *state;
	struct virtq_desc *d = ram_at(&s->high, BORDER);

	put_four(s, BORDER);
	offer_table(s, BORDER, 2 * DESC, 0);
	expect_broken(s, "descriptor is out of its table");

	offer_table(s, BORDER, TABLE_LEN, NEXT);
	expect_broken(s, "indirect descriptor has a next one");

	hand_desc(&d[1], BORDER, TABLE_LEN, INDIRECT, 0);
	offer_table(s, BORDER, TABLE_LEN, 0);
	expect_broken(s, "indirect table is nested");

	hand_desc(&d[1], 0x222, 1, NEXT, 0);
	offer_table(s, BORDER, TABLE_LEN, 0);
	expect_broken(s, "descriptors form a loop");
}

/* Odd but valid: a table in unused descriptors of the ring */
static void test_table_may_lie_in_the_ring_itself(void **state)
{
	const unsigned int at = LOW + (ID + 1) * DESC;
	struct setup *s = *state;

	begin_at(s, 8, 0);
	put_four(s, at);
	offer_table(s, at, TABLE_LEN, 0);
	expect_four(s);
}

static void test_misordered_table_is_popped_and_noted(void **state)
{
	static const struct seg segs[] = { { 0x111, 1, WRITE },
					   { 0x222, 32, 0 } };
	struct setup *s = *state;

	put_table(s, BORDER, segs, 2);
	offer_table(s, BORDER, 2 * DESC, 0);
	assert_int_equal(vring_pop(&s->vring, &s->chain), 1);
	assert_true(s->chain.misordered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		INDIRECT_BOTH(test_table_is_read_in_its_order_at_any_address),
		ROW(test_flags_and_ids_in_a_table_mean_nothing,
		    packed_indirect),
		INDIRECT_BOTH(test_write_flag_of_the_leading_one_means_nothing),
		INDIRECT_BOTH(test_direct_and_indirect_buffers_alternate),
		INDIRECT_BOTH(test_unpopped_table_comes_again),
		INDIRECT_BOTH(test_table_that_was_not_negotiated_is_broken),
		ROW(test_table_follows_direct_descriptors, split_indirect),
		ROW(test_table_in_a_chain_is_broken, packed_indirect),
		INDIRECT_BOTH(test_table_may_be_longer_than_the_ring),
		ROW(test_table_of_empty_buffers_has_its_limit, packed_indirect),
		INDIRECT_BOTH(
			test_loop_of_nothing_in_a_table_of_4_gib_ends_soon),
		INDIRECT_BOTH(test_table_of_a_bad_length_is_broken),
		INDIRECT_BOTH(test_table_outside_memory_is_broken),
		ROW(test_invalid_tables_are_broken, split_indirect),
		INDIRECT_BOTH(test_table_may_lie_in_the_ring_itself),
		INDIRECT_BOTH(test_misordered_table_is_popped_and_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
