/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/call_pace.h"
#include "tests/lib/test.h"

#define MANY  100
#define BATCH 128

/*
 * A driver that adds requests when all are done, MANY times, and is called
 * early once each time, which takes @ns.
 */
static struct call_pace of_batches(uint64_t ns)
{
	struct call_pace pace = { 0 };

	for (unsigned int i = 1; i <= MANY; i++) {
		call_pace_called(&pace, ns, i * BATCH);
		call_pace_ends(&pace, true, i * BATCH);
	}
	return pace;
}

TEST(first_call_comes_at_the_shortest_time)
{
	const struct call_pace pace = { 0 };

	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

TEST(calls_that_cost_little_keep_to_the_shortest_time)
{
	const struct call_pace pace = of_batches(1000);

	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

TEST(calls_in_vain_that_take_long_are_made_less_often)
{
	const struct call_pace pace = of_batches(8000);

	assert_in_range(call_pace_ns(&pace), 79000, 80000);
}

TEST(time_between_calls_has_a_limit)
{
	const struct call_pace pace = of_batches(1000000);

	assert_in_range(call_pace_ns(&pace), CALL_PACE_MAX_NS - 1000,
			CALL_PACE_MAX_NS);
}

TEST(one_call_that_takes_long_changes_nothing)
{
	struct call_pace pace = of_batches(0);

	call_pace_called(&pace, UINT64_MAX, MANY * BATCH + 1);
	call_pace_ends(&pace, true, MANY * BATCH + 1);
	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

TEST(call_that_is_followed_up_brings_back_the_shortest_time)
{
	struct call_pace pace = of_batches(20000);
	const uint64_t added = (MANY + 1) * BATCH;

	assert_int_not_equal(call_pace_ns(&pace), CALL_PACE_NS);
	call_pace_called(&pace, 20000, added);
	call_pace_ends(&pace, true, added + 1);
	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

/* It is awake still, or again. */
TEST(call_to_a_driver_that_needs_no_other_one_was_not_in_vain)
{
	struct call_pace pace = of_batches(20000);
	const uint64_t added = (MANY + 1) * BATCH;

	call_pace_called(&pace, 20000, added);
	call_pace_ends(&pace, false, added);
	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

/* The ring does not run empty: one call tells of the one before. */
TEST(calls_while_the_ring_has_requests_are_judged_as_well)
{
	struct call_pace pace = { 0 };

	for (unsigned int i = 0; i < MANY; i++)
		call_pace_called(&pace, 20000, BATCH);
	assert_in_range(call_pace_ns(&pace), 199000, 200000);
	call_pace_called(&pace, 20000, BATCH + 1);
	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

TEST(time_gets_shorter_while_no_call_is_made_early)
{
	struct call_pace pace = of_batches(20000);
	uint64_t before = call_pace_ns(&pace);

	call_pace_ends(&pace, true, MANY * BATCH);
	assert_true(call_pace_ns(&pace) < before);
	for (unsigned int i = 0; i < MANY; i++)
		call_pace_ends(&pace, true, MANY * BATCH);
	assert_int_equal(call_pace_ns(&pace), CALL_PACE_NS);
}

TEST_MAIN(NULL, NULL)
