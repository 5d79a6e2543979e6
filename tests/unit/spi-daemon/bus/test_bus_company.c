/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Many users with short messages: who is awake when the bus is to be had. */
#include "tests/unit/spi-daemon/bus/bus_rig.h"

#define US    UINT64_C(1000)
#define SHORT (2 * US)

static int setup_company(void **state)
{
	struct fixture *f;

	setup(state);
	f = *state;
	f->bus.may_look = true;
	for (int i = 0; i < USERS; i++)
		expect_messages(f, i, SHORT);
	return 0;
}

static void leave_all(struct fixture *f)
{
	for (int i = 0; i < USERS; i++)
		bus_leave(&f->bus, &f->users[i], f->now);
}

/* u[0] has the bus; u[1] and u[2] wait, and u[0] has handed it to u[1]. */
static void give(struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	f->now += SHORT;
	bus_leave(&f->bus, &u[0], f->now);
	assert_ptr_equal(f->bus.owner, &u[1]);
	assert_int_equal(f->bus.state, BUS_GIVEN);
}

TEST_WITH(next_is_roused_when_a_short_message_begins, struct fixture *f)
{
	struct bus_user *u = f->users;

	give(f);
	assert_true(woken(&u[1]));
	assert_false(woken(&u[2]));
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_true(woken(&u[2]));
	/* It has not asked again, so it is awake when it gets the bus. */
	bus_leave(&f->bus, &u[1], f->now);
	assert_ptr_equal(f->bus.owner, &u[2]);
	assert_false(woken(&u[2]));
	leave_all(f);
}

TEST_WITH(who_was_roused_and_asked_in_vain_is_woken_again, struct fixture *f)
{
	struct bus_user *u = f->users;

	give(f);
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_true(woken(&u[2]));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	bus_leave(&f->bus, &u[1], f->now);
	assert_true(woken(&u[2]));
	leave_all(f);
}

/* What it would do until then, the owner could not do. */
TEST_WITH(one_processor_rouses_nobody, struct fixture *f)
{
	struct bus_user *u = f->users;

	f->bus.may_look = false;
	give(f);
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(woken(&u[2]));
	assert_false(bus_await(&f->bus, &u[3], &f->now));
	assert_int_equal(bus_user_state(&u[3]), BUS_USER_QUEUED);
	leave_all(f);
}

TEST_WITH(long_or_unknown_message_rouses_nobody, struct fixture *f)
{
	static const uint64_t expected[] = { BUS_SHORT_NS + 1, 0 };
	struct bus_user *u = f->users;

	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < USERS; j++)
			woken(&u[j]);
		give(f);
		expect_messages(f, 1, expected[i]);
		assert_true(bus_acquire(&f->bus, &u[1], f->now));
		assert_false(woken(&u[2]));
		leave_all(f);
	}
}

TEST_WITH(who_looks_needs_no_wake_up, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	bus_user_set_state(&u[1], BUS_USER_LOOKS);
	f->now += SHORT;
	bus_leave(&f->bus, &u[0], f->now);
	assert_int_equal(bus_user_state(&u[1]), BUS_USER_OWNER);
	assert_int_equal(f->bus.state, BUS_OWNED);
	assert_true(counter_get(&u[1].begun) == f->now);
	assert_false(woken(&u[1]));
	assert_int_equal(counter_get(&f->bus.idle_ns), 0);
	leave_all(f);
}

/* The bus's time here is long ago: it is late from the start. */
TEST_WITH(who_looked_in_vain_is_woken, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_await(&f->bus, &u[1], &f->now));
	assert_true(f->now > NOW); /* it has looked */
	assert_int_equal(bus_user_state(&u[1]), BUS_USER_QUEUED);
	bus_leave(&f->bus, &u[0], f->now);
	assert_true(woken(&u[1]));
	leave_all(f);
}

TEST_WITH(who_is_awake_overtakes_who_wakes_up, struct fixture *f)
{
	struct bus_user *u = f->users;

	give(f);
	assert_true(woken(&u[1]));
	assert_true(bus_acquire(&f->bus, &u[3], f->now));
	/* It is next, as before, and was woken already. */
	assert_ptr_equal(f->bus.first, &u[1]);
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	f->now += SHORT;
	bus_leave(&f->bus, &u[3], f->now);
	assert_ptr_equal(f->bus.owner, &u[1]);
	leave_all(f);
}

TEST_WITH(who_looks_overtakes_who_sleeps, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	bus_user_set_state(&u[2], BUS_USER_LOOKS);
	bus_leave(&f->bus, &u[0], f->now);
	assert_ptr_equal(f->bus.owner, &u[2]);
	assert_ptr_equal(f->bus.first, &u[1]);
	/* Who is next wakes up meanwhile. */
	assert_true(woken(&u[1]));
	leave_all(f);
}

TEST_WITH(nobody_overtakes_who_looks, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	for (int i = 1; i < 3; i++) {
		assert_false(bus_acquire(&f->bus, &u[i], f->now));
		bus_user_set_state(&u[i], BUS_USER_LOOKS);
	}
	bus_leave(&f->bus, &u[0], f->now);
	assert_ptr_equal(f->bus.owner, &u[1]);
	/* The other one has the bus soon, or is told. */
	bus_user_set_state(&u[2], BUS_USER_QUEUED);
	leave_all(f);
}

TEST_WITH(long_message_overtakes_nobody, struct fixture *f)
{
	struct bus_user *u = f->users;

	expect_messages(f, 3, BUS_SHORT_NS + 1);
	give(f);
	assert_false(bus_acquire(&f->bus, &u[3], f->now));
	assert_ptr_equal(f->bus.owner, &u[1]);
	leave_all(f);
}

TEST_WITH(who_had_more_overtakes_by_no_more_than_that, struct fixture *f)
{
	struct bus_user *u = f->users;

	for (uint64_t more = 0; more < 2; more++) {
		give(f);
		u[3].accounts[0].finish = u[1].start + BUS_OVERTAKE_NS + more;
		assert_int_equal(bus_acquire(&f->bus, &u[3], f->now), !more);
		leave_all(f);
	}
}

/* While it wakes up, others may go first; but it need not wake up for ever. */
TEST_WITH(who_came_in_vain_too_often_is_not_overtaken, struct fixture *f)
{
	struct bus_user *u = f->users;

	give(f);
	for (int i = 0; i < BUS_IN_VAIN_MAX; i++) {
		/* As often as they like, until it has woken up. */
		for (int j = 0; j < 3; j++) {
			assert_true(bus_acquire(&f->bus, &u[3], f->now));
			bus_leave(&f->bus, &u[3], f->now);
			assert_ptr_equal(f->bus.owner, &u[1]);
		}
		assert_true(bus_acquire(&f->bus, &u[3], f->now));
		assert_false(bus_acquire(&f->bus, &u[1], f->now));
		bus_leave(&f->bus, &u[3], f->now);
		assert_ptr_equal(f->bus.owner, &u[1]);
	}
	assert_false(bus_acquire(&f->bus, &u[3], f->now));
	assert_ptr_equal(f->bus.owner, &u[1]);
	leave_all(f);
}

/* Or it would have two goes at one message. */
TEST_WITH(who_has_put_it_off_overtakes_nobody, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[3], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	bus_postpone(&f->bus, &u[3], f->now + US, NULL, f->now);
	assert_ptr_equal(f->bus.owner, &u[1]);
	f->now += US;
	assert_false(bus_acquire(&f->bus, &u[3], f->now));
	assert_ptr_equal(f->bus.owner, &u[1]);
	leave_all(f);
}

/* It waits as long for the bus as for any other message. */
TEST_WITH(overtaking_does_not_move_the_bus_time_on, struct fixture *f)
{
	struct bus_user *u = f->users;
	uint64_t start;

	give(f);
	start = u[1].start;
	u[3].accounts[0].finish = start + BUS_OVERTAKE_NS;
	assert_true(bus_acquire(&f->bus, &u[3], f->now));
	assert_true(f->bus.time == start);
	leave_all(f);
}

TEST_WITH(time_until_the_owner_comes_is_idle, struct fixture *f)
{
	struct bus_user *u = f->users;

	give(f);
	f->now += 7 * US;
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	f->now += SHORT;
	assert_int_equal(counter_get(&f->bus.idle_ns), 7 * US);
	bus_leave(&f->bus, &u[1], f->now);
	/* And if it does not come, or is overtaken. */
	f->now += 11 * US;
	bus_leave(&f->bus, &u[2], f->now);
	assert_int_equal(counter_get(&f->bus.idle_ns), 18 * US);
	give(f);
	f->now += 13 * US;
	assert_true(bus_acquire(&f->bus, &u[3], f->now));
	assert_int_equal(counter_get(&f->bus.idle_ns), 31 * US);
	leave_all(f);
}

TEST_WITH(wake_up_is_not_charged, struct fixture *f)
{
	static const uint64_t late[] = { 0, 7 * US, BUS_LINGER_NS,
					 BUS_LINGER_NS + 5 * US };
	struct bus_user *u = f->users;

	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		give(f);
		f->now += late[i];
		assert_true(bus_acquire(&f->bus, &u[1], f->now));
		f->now += SHORT;
		bus_leave(&f->bus, &u[1], f->now);
		assert_int_equal(u[1].account->finish - u[1].start,
				 SHORT + (i == 3 ? 5 * US : 0));
		leave_all(f);
	}
}

TEST_WITH(lingering_is_idle_time, struct fixture *f)
{
	struct bus_user *u = f->users;

	expect_messages(f, 1, MS);
	u[1].accounts[0].finish = f->now + 10 * MS;
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	f->now += SHORT;
	assert_true(bus_linger(&f->bus, &u[0], f->now) > 0);
	f->now += 5 * US;
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_int_equal(counter_get(&f->bus.idle_ns), 5 * US);
	/* The next one comes at once, as far as is known. */
	assert_true(u[0].accounts[0].pause == 5 * US);
	leave_all(f);
}

TEST_WITH(free_bus_is_not_idle, struct fixture *f)
{
	for (int i = 0; i < USERS; i++) {
		assert_true(bus_acquire(&f->bus, &f->users[i], f->now));
		bus_leave(&f->bus, &f->users[i], f->now += SHORT);
		f->now += MS;
	}
	assert_int_equal(counter_get(&f->bus.idle_ns), 0);
}

TEST_MAIN(setup_company, teardown)
