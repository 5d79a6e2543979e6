/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/bus/stats.h"
#include "tests/lib/test.h"

/* Two guests on one device. */
struct world {
	struct guest_stats guests[2];
	struct device_stats device;
	struct bus_stats bus;
	struct counter share;
};

static int setup(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof(world));
	*state = &world;
	return 0;
}

static void take_turn(struct world *w, unsigned int guest, uint64_t asks,
		      uint64_t gets, uint64_t ends)
{
	struct turn_stats *turn = &w->guests[guest].turn;

	stats_turn_waits(turn, 0, asks);
	stats_turn_holds(turn, &w->bus, gets);
	stats_turn_ends(turn, &w->device, &w->share, ends);
}

TEST(counter_keeps_the_largest)
{
	struct counter c = { 0 };

	counter_raise(&c, 5);
	counter_raise(&c, 3);
	assert_int_equal(counter_get(&c), 5);
	counter_raise(&c, UINT64_MAX);
	assert_int_equal(counter_get(&c), UINT64_MAX);
}

TEST_WITH(requests_are_those_with_errors_too, struct world *w)
{
	struct guest_stats *g = &w->guests[0];

	counter_add(&g->done, 10);
	for (unsigned int i = 0; i < REQUEST_ERRORS; i++)
		counter_add(&g->errors[i], i + 1);
	assert_int_equal(stats_errors(g),
			 REQUEST_ERRORS * (REQUEST_ERRORS + 1) / 2);
	assert_int_equal(stats_requests(g), 10 + stats_errors(g));
}

TEST_WITH(turn_is_a_wait_and_a_hold, struct world *w)
{
	struct turn_stats *turn = &w->guests[0].turn;

	stats_turn_waits(turn, 3, 1000);
	stats_turn_waits(turn, 3, 1500); /* asks again */
	assert_int_equal(counter_get(&turn->chip), 3);
	assert_int_equal(counter_get(&turn->waits_since), 1000);
	assert_int_equal(counter_get(&turn->holds_since), 0);
	stats_turn_holds(turn, &w->bus, 1700);
	assert_int_equal(counter_get(&turn->waits_since), 0);
	assert_int_equal(counter_get(&turn->holds_since), 1700);
	assert_int_equal(counter_get(&turn->turns), 0);
	stats_turn_ends(turn, &w->device, &w->share, 2000);
	assert_int_equal(counter_get(&turn->holds_since), 0);
	assert_int_equal(counter_get(&turn->turns), 1);
	assert_int_equal(counter_get(&turn->wait_ns), 700);
	assert_int_equal(counter_get(&turn->hold_ns), 300);
	assert_int_equal(counter_get(&w->device.hold_ns), 300);
	assert_int_equal(counter_get(&w->share), 300);
}

TEST_WITH(times_add_up_and_the_longest_is_kept, struct world *w)
{
	struct turn_stats *turn = &w->guests[0].turn;

	take_turn(w, 0, 1000, 1500, 1600);
	take_turn(w, 0, 2000, 2900, 3300);
	take_turn(w, 0, 4000, 4100, 4200);
	take_turn(w, 1, 5000, 5000, 5050);
	assert_int_equal(counter_get(&turn->turns), 3);
	assert_int_equal(stats_turns(turn), 3);
	assert_int_equal(counter_get(&turn->wait_ns), 1500);
	assert_int_equal(counter_get(&turn->wait_longest_ns), 900);
	assert_int_equal(counter_get(&turn->hold_ns), 600);
	assert_int_equal(counter_get(&turn->hold_longest_ns), 400);
	assert_int_equal(counter_get(&w->device.hold_ns), 650);
	assert_int_equal(counter_get(&w->guests[1].turn.hold_ns), 50);
}

/* The chip has to stay released for a while: nobody else is in the way. */
TEST_WITH(pause_is_no_wait, struct world *w)
{
	struct turn_stats *turn = &w->guests[0].turn;

	stats_turn_waits(turn, 0, 1000);
	stats_turn_pauses(turn, 1100, 5000);
	stats_turn_waits(turn, 0, 5000);
	stats_turn_holds(turn, &w->bus, 5020);
	assert_int_equal(counter_get(&turn->wait_ns), 120);
	stats_turn_ends(turn, &w->device, &w->share, 6000);

	/* Woken early, it pauses again. */
	stats_turn_waits(turn, 0, 7000);
	stats_turn_pauses(turn, 7000, 8000);
	stats_turn_pauses(turn, 7500, 8000);
	stats_turn_holds(turn, &w->bus, 8001);
	assert_int_equal(counter_get(&turn->wait_ns), 121);
}

TEST_WITH(turn_that_is_given_up_counts_for_nothing, struct world *w)
{
	struct turn_stats *turn = &w->guests[0].turn;

	stats_turn_waits(turn, 0, 1000);
	stats_turn_is_given_up(turn);
	assert_int_equal(counter_get(&turn->waits_since), 0);
	assert_int_equal(stats_turns(turn), 0);
	stats_turn_ends(turn, &w->device, &w->share, 2000);
	assert_int_equal(counter_get(&turn->turns), 0);
	take_turn(w, 0, 3000, 3001, 3002);
	assert_int_equal(counter_get(&turn->wait_ns), 1);
}

TEST_WITH(clock_that_is_behind_does_no_harm, struct world *w)
{
	take_turn(w, 0, 1000, 999, 998);
	assert_int_equal(counter_get(&w->guests[0].turn.wait_ns), 0);
	assert_int_equal(counter_get(&w->guests[0].turn.hold_ns), 0);
	assert_int_equal(counter_get(&w->guests[0].turn.turns), 1);
}

TEST_WITH(owner_changes_when_another_guest_comes, struct world *w)
{
	static const unsigned int guests[] = { 0, 0, 1, 0, 0, 1, 1 };

	for (unsigned int i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
		take_turn(w, guests[i], 1, 2, 3);
	assert_int_equal(counter_get(&w->bus.owner_changes), 4);
}

/* A limit belongs to the bucket below it: "le" is less or equal. */
TEST_WITH(waits_go_into_their_buckets, struct world *w)
{
	struct turn_stats *turn = &w->guests[0].turn;

	take_turn(w, 0, 1, 1, 2);
	assert_int_equal(counter_get(&turn->waited[0]), 1);
	for (unsigned int i = 0; i < STATS_BUCKETS - 1; i++) {
		take_turn(w, 0, 1, 1 + stats_bucket_ns[i], UINT64_MAX);
		assert_int_equal(counter_get(&turn->waited[i]), 2);
		take_turn(w, 0, 1, 2 + stats_bucket_ns[i], UINT64_MAX);
		assert_int_equal(counter_get(&turn->waited[i + 1]), 1);
	}
	take_turn(w, 0, 1, 1000 * NS_PER_S, UINT64_MAX);
	assert_int_equal(counter_get(&turn->waited[STATS_BUCKETS - 1]), 2);
	assert_int_equal(stats_turns(turn), 2 * STATS_BUCKETS);
}

TEST_WITH(bytes_are_the_guests_and_the_devices, struct world *w)
{
	stats_moved(&w->guests[0], &w->device, 10, 0);
	stats_moved(&w->guests[1], &w->device, 1, 2);
	assert_int_equal(counter_get(&w->guests[0].sent), 10);
	assert_int_equal(counter_get(&w->guests[0].received), 0);
	assert_int_equal(counter_get(&w->guests[1].received), 2);
	assert_int_equal(counter_get(&w->device.sent), 11);
	assert_int_equal(counter_get(&w->device.received), 2);
}

TEST_MAIN(setup, NULL)
