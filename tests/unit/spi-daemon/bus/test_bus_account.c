/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a user is expected to do, and whether a bus is kept idle for it. */
#include "spi-daemon/bus/bus_account.h"
#include "spi-daemon/system/clock.h"
#include "tests/lib/test.h"

#define NOW NS_PER_S

TEST(first_message_and_pause_are_what_is_expected_next)
{
	struct bus_account account = { .bus = NULL };

	bus_account_comes(&account, NOW);
	assert_true(account.pause == 0);
	bus_account_ends(&account, NOW, NOW + 800);
	assert_true(counter_get(&account.message) == 800);
	bus_account_comes(&account, NOW + 1200);
	assert_true(account.pause == 400);
}

TEST(expectations_follow_what_happens)
{
	struct bus_account account = { .message.value = 1000, .pause = 1000 };

	for (unsigned int i = 0; i < 30; i++) {
		bus_account_ends(&account, NOW, NOW + 9000);
		bus_account_comes(&account, NOW + 9000 + 5000);
	}
	assert_in_range(counter_get(&account.message), 8900, 9000);
	assert_in_range(account.pause, 4900, 5000);
}

/* Its thread may have lost its processor: the next is not as long. */
TEST(one_long_message_does_not_change_what_is_expected)
{
	struct bus_account account = { .message.value = 2000 };

	bus_account_ends(&account, NOW, NOW + NS_PER_S);
	assert_in_range(counter_get(&account.message), 2001, 4000);
}

/* An hour without a message is soon forgotten. */
TEST(long_pause_counts_as_two_lingers)
{
	struct bus_account account = { .pause = 1000, .ended = NOW };

	bus_account_comes(&account, NOW + 3600 * NS_PER_S);
	assert_in_range(account.pause, 1000, BUS_LINGER_NS);
}

/* If all are long, the bus is not kept; but that is found out step by step. */
TEST(long_pauses_are_expected_after_some)
{
	struct bus_account account = { .pause = 1000, .ended = NOW };

	for (unsigned int i = 0; i < 30; i++)
		bus_account_comes(&account, NOW + 3600 * NS_PER_S);
	assert_in_range(account.pause, BUS_LINGER_MAX_NS + 1,
			2 * BUS_LINGER_MAX_NS);
}

TEST(what_takes_no_time_is_known_nevertheless)
{
	struct bus_account account = { .bus = NULL };

	bus_account_ends(&account, NOW, NOW);
	bus_account_comes(&account, NOW - 1);
	assert_true(counter_get(&account.message) == 1);
	assert_true(account.pause == 1);
}

TEST(bus_is_kept_if_that_pays)
{
	static const struct {
		uint64_t pause, behind, message, kept;
	} cases[] = {
		/* The next message comes before the other would be over. */
		{ 10000, 100000, 10001, 40000 },
		{ 10000, 100000, 10000, 0 },
		{ 10000, 100000, 2000, 0 },
		/* And before the user has had as much as the other. */
		{ 10000, 10001, 100000, 40000 },
		{ 10000, 10000, 100000, 0 },
		/* No longer than a driver takes, */
		{ 150000, NS_PER_S, 16 * BUS_LINGER_NS, BUS_LINGER_NS },
		{ BUS_LINGER_NS, NS_PER_S, 16 * BUS_LINGER_NS, BUS_LINGER_NS },
		{ BUS_LINGER_NS + 1, NS_PER_S, 16 * BUS_LINGER_NS, 0 },
		/* or a part of the message that would go first. */
		{ BUS_LINGER_NS + 1, NS_PER_S, 32 * BUS_LINGER_NS,
		  2 * BUS_LINGER_NS },
		{ BUS_LINGER_MAX_NS, NS_PER_S, NS_PER_S, BUS_LINGER_MAX_NS },
		{ BUS_LINGER_MAX_NS + 1, NS_PER_S, NS_PER_S, 0 },
		/* Nothing is known of the user: it is found out. */
		{ 0, 100000, 100000, 20000 },
		/* Nothing is known of the other. */
		{ 10000, 100000, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bus_account account = { .pause = cases[i].pause };
		const struct bus_account next = { .message.value =
							  cases[i].message };

		assert_int_equal(
			bus_account_linger(&account, &next, cases[i].behind),
			cases[i].kept);
	}
}

TEST_MAIN(NULL, NULL)
