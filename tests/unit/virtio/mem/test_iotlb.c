/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "tests/lib/test.h"
#include "virtio/mem/iotlb.h"

#define RW   (IOTLB_READ | IOTLB_WRITE)
#define PAGE 0x1000ull

static int setup(void **state)
{
	struct iotlb *tlb = malloc(sizeof(*tlb));

	iotlb_init(tlb);
	*state = tlb;
	return 0;
}

static int teardown(void **state)
{
	iotlb_clear(*state);
	free(*state);
	return 0;
}

/* Returns how many of @len bytes at @iova are translated, to @want if any. */
static uint64_t found(struct iotlb *tlb, uint64_t iova, uint64_t len,
		      unsigned int access, uint64_t want)
{
	uint64_t user_addr, got;

	if (!iotlb_find(tlb, iova, len, access, &user_addr, &got))
		return 0;
	assert_int_equal(user_addr, want);
	return got;
}

TEST_WITH(empty_cache_misses, struct iotlb *tlb)
{
	assert_int_equal(found(tlb, 5, 1, IOTLB_WRITE, 0), 0);
	assert_true(tlb->missed);
	assert_int_equal(tlb->miss.iova, 5);
	assert_int_equal(tlb->miss.access, IOTLB_WRITE);
}

TEST_WITH(last_find_tells_what_was_missed, struct iotlb *tlb)
{
	found(tlb, 1, 1, IOTLB_READ, 0);
	found(tlb, 2, 1, RW, 0);
	assert_true(tlb->missed);
	assert_int_equal(tlb->miss.iova, 2);
	assert_int_equal(tlb->miss.access, RW);
	iotlb_update(tlb, 0, PAGE, 0, RW);
	found(tlb, 2, 1, RW, 2);
	assert_false(tlb->missed);
}

TEST_WITH(translation_ends_with_its_entry, struct iotlb *tlb)
{
	assert_int_equal(iotlb_update(tlb, PAGE, PAGE, 7 * PAGE, RW), 0);
	assert_int_equal(found(tlb, PAGE, PAGE, IOTLB_READ, 7 * PAGE), PAGE);
	assert_int_equal(found(tlb, PAGE + 9, 3, IOTLB_READ, 7 * PAGE + 9), 3);
	assert_int_equal(found(tlb, 2 * PAGE - 1, 3, IOTLB_READ, 8 * PAGE - 1),
			 1);
	assert_int_equal(found(tlb, PAGE - 1, 1, IOTLB_READ, 0), 0);
	assert_int_equal(found(tlb, 2 * PAGE, 1, IOTLB_READ, 0), 0);
}

TEST_WITH(access_must_be_allowed, struct iotlb *tlb)
{
	assert_int_equal(iotlb_update(tlb, 0, PAGE, PAGE, IOTLB_READ), 0);
	assert_int_equal(found(tlb, 0, 1, IOTLB_READ, PAGE), 1);
	assert_int_equal(found(tlb, 0, 1, IOTLB_WRITE, 0), 0);
	assert_int_equal(found(tlb, 0, 1, RW, 0), 0);
	assert_int_equal(iotlb_update(tlb, 0, PAGE, PAGE, IOTLB_WRITE), 0);
	assert_int_equal(found(tlb, 0, 1, IOTLB_READ, 0), 0);
	assert_int_equal(found(tlb, 0, 1, RW, 0), 0);
}

TEST_WITH(update_replaces_what_it_overlaps, struct iotlb *tlb)
{
	for (unsigned int i = 0; i < 8; i++)
		iotlb_update(tlb, i * PAGE, PAGE, 0x100000 + i * PAGE, RW);
	assert_int_equal(
		iotlb_update(tlb, 2 * PAGE + 1, 2 * PAGE, 0x900000, RW), 0);
	assert_int_equal(tlb->count, 6);
	assert_int_equal(found(tlb, 2 * PAGE, 1, IOTLB_READ, 0), 0);
	assert_int_equal(
		found(tlb, 2 * PAGE + 1, 4 * PAGE, IOTLB_READ, 0x900000),
		2 * PAGE);
	assert_int_equal(
		found(tlb, 5 * PAGE, 1, IOTLB_READ, 0x100000 + 5 * PAGE), 1);
}

TEST_WITH(invalidation_drops_what_it_touches, struct iotlb *tlb)
{
	for (unsigned int i = 0; i < 8; i++)
		iotlb_update(tlb, i * PAGE, PAGE, i * PAGE, RW);
	iotlb_invalidate(tlb, 3 * PAGE - 1, 2);
	assert_int_equal(tlb->count, 6);
	iotlb_invalidate(tlb, 7 * PAGE, UINT64_MAX);
	assert_int_equal(tlb->count, 5);
	iotlb_invalidate(tlb, 6 * PAGE, 0);
	assert_int_equal(tlb->count, 4);
	iotlb_invalidate(tlb, 0, UINT64_MAX);
	assert_int_equal(tlb->count, 0);
}

/* ->changes tells that results of earlier lookups may be invalid. */
TEST_WITH(what_is_lost_is_a_change, struct iotlb *tlb)
{
	uint64_t changes = tlb->changes;

	iotlb_update(tlb, 0, PAGE, 0, RW);
	iotlb_update(tlb, PAGE, PAGE, 5 * PAGE, RW);
	iotlb_update(tlb, PAGE, PAGE, 5 * PAGE, RW);
	iotlb_invalidate(tlb, 2 * PAGE, PAGE);
	assert_int_equal(tlb->changes, changes);
	assert_int_equal(tlb->count, 2);
	iotlb_update(tlb, PAGE, PAGE, 6 * PAGE, RW);
	assert_true(tlb->changes > changes);
	changes = tlb->changes;
	iotlb_invalidate(tlb, 0, 1);
	assert_true(tlb->changes > changes);
	changes = tlb->changes;
	iotlb_clear(tlb);
	assert_true(tlb->changes > changes);
	assert_int_equal(tlb->count, 0);
}

TEST_WITH(neighbours_in_both_spaces_are_one_piece, struct iotlb *tlb)
{
	iotlb_update(tlb, 0, PAGE, 8 * PAGE, RW);
	iotlb_update(tlb, 2 * PAGE, PAGE, 10 * PAGE, RW);
	assert_int_equal(found(tlb, 9, 3 * PAGE, RW, 8 * PAGE + 9), PAGE - 9);
	iotlb_update(tlb, PAGE, PAGE, 9 * PAGE, RW);
	assert_int_equal(found(tlb, 9, 2 * PAGE, RW, 8 * PAGE + 9), 2 * PAGE);
	assert_int_equal(found(tlb, 9, 4 * PAGE, RW, 8 * PAGE + 9),
			 3 * PAGE - 9);
	/* The middle is read-only, the end is not contiguous. */
	iotlb_update(tlb, PAGE, PAGE, 9 * PAGE, IOTLB_READ);
	iotlb_update(tlb, 2 * PAGE, PAGE, 20 * PAGE, RW);
	assert_int_equal(found(tlb, 0, 4 * PAGE, RW, 8 * PAGE), PAGE);
	assert_int_equal(found(tlb, 0, 4 * PAGE, IOTLB_READ, 8 * PAGE),
			 2 * PAGE);
}

TEST(ranges_that_wrap_round_end_with_the_space)
{
	assert_true(iotlb_overlap(PAGE, PAGE, PAGE, 1));
	assert_true(iotlb_overlap(PAGE, PAGE, 0, PAGE + 1));
	assert_false(iotlb_overlap(PAGE, PAGE, 0, PAGE));
	assert_false(iotlb_overlap(PAGE, PAGE, 2 * PAGE, 1));
	assert_true(iotlb_overlap(0, 0, UINT64_MAX, 1));
	assert_true(iotlb_overlap(9, UINT64_MAX, UINT64_MAX, 1));
	assert_false(iotlb_overlap(9, UINT64_MAX, 0, 9));
}

TEST_WITH(bad_ranges_are_refused, struct iotlb *tlb)
{
	assert_int_equal(iotlb_update(tlb, 0, 0, 0, RW), -EINVAL);
	assert_int_equal(iotlb_update(tlb, 0, 1, 0, 0), -EINVAL);
	assert_int_equal(iotlb_update(tlb, 0, 1, 0, 4), -EINVAL);
	assert_int_equal(iotlb_update(tlb, UINT64_MAX, 2, 0, RW), -EINVAL);
	assert_int_equal(iotlb_update(tlb, 0, 2, UINT64_MAX, RW), -EINVAL);
	assert_int_equal(iotlb_update(tlb, UINT64_MAX, 1, UINT64_MAX, RW), 0);
	assert_int_equal(found(tlb, UINT64_MAX, 9, IOTLB_READ, UINT64_MAX), 1);
}

TEST_WITH(whole_address_space_is_one_entry, struct iotlb *tlb)
{
	assert_int_equal(iotlb_update(tlb, 0, UINT64_MAX, 0, RW), 0);
	assert_int_equal(found(tlb, 5, UINT64_MAX, IOTLB_READ, 5),
			 UINT64_MAX - 5);
}

/* The size of the cache is bounded. */
TEST_WITH(full_cache_starts_over, struct iotlb *tlb)
{
	for (uint64_t i = 0; i < 200000; i++) {
		assert_int_equal(iotlb_update(tlb, i * PAGE, 1, i, RW), 0);
		assert_int_equal(found(tlb, i * PAGE, 1, IOTLB_READ, i), 1);
		assert_true(tlb->count <= 1u << 16);
	}
}

TEST_MAIN(setup, teardown)
