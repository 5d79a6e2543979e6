/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What time with the bus costs, and how it is put off, watched and kept. */
#include "tests/unit/spi-daemon/bus/bus_rig.h"

/* Owns the bus for @ns. */
static void use(struct fixture *f, struct bus_user *user, uint64_t ns)
{
	assert_true(bus_acquire(&f->bus, user, f->now));
	f->now += ns;
	bus_leave(&f->bus, user, f->now);
}

TEST_WITH(time_is_charged_by_weight, struct fixture *f)
{
	static const struct {
		unsigned int weight;
		uint64_t held, charged;
	} cases[] = {
		{ 1, 10, 10 }, { 2, 10, 5 },	{ 3, 10, 4 },
		{ 1, 0, 1 },   { 100, 0, 1 },	{ 100, 100 * MS, MS },
		{ 100, 1, 1 }, { 100, 101, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bus_user *user = &f->users[0];
		uint64_t start = f->bus.time;

		user->weight = cases[i].weight;
		use(f, user, cases[i].held);
		assert_true(user->account->finish - start == cases[i].charged);
		assert_true(f->bus.time == user->account->finish);
	}
}

/* So an account of a bus that is gone is never ahead. */
TEST_WITH(virtual_time_is_never_ahead, struct fixture *f)
{
	struct bus_user *u = f->users;

	for (unsigned int i = 0; i < 100; i++) {
		assert_true(bus_acquire(&f->bus, &u[0], f->now));
		bus_acquire(&f->bus, &u[1], f->now);
		f->now += i % 7;
		bus_leave(&f->bus, &u[0], f->now);
		f->now += i % 3 + 2;
		bus_leave(&f->bus, &u[1], f->now);
		assert_in_range(f->bus.latest, NOW, f->now + 1);
	}
}

/* A clock that steps back must not charge centuries. */
TEST_WITH(backward_clock_charges_nothing, struct fixture *f)
{
	assert_true(bus_acquire(&f->bus, &f->users[0], f->now));
	bus_leave(&f->bus, &f->users[0], f->now - 5);
	assert_true(f->bus.latest == NOW + 1);
}

TEST_WITH(who_had_less_goes_first, struct fixture *f)
{
	struct bus_user *u = f->users;

	/* Both are known to the bus: u[1] with a long message. */
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	bus_leave(&f->bus, &u[0], f->now);
	f->now += 100 * MS;
	bus_leave(&f->bus, &u[1], f->now);
	/* u[2] has the bus. The first to come had much, the second little. */
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	bus_leave(&f->bus, &u[2], f->now);
	assert_ptr_equal(f->bus.owner, &u[0]);
	bus_leave(&f->bus, &u[0], f->now);
	assert_ptr_equal(f->bus.owner, &u[1]);
	bus_leave(&f->bus, &u[1], f->now);
}

/* However long it was away, it is before who waits, but for no longer. */
TEST_WITH(idling_saves_up_nothing, struct fixture *f)
{
	struct bus_user *u = f->users;

	use(f, &u[0], MS);
	for (unsigned int i = 0; i < 100; i++)
		use(f, &u[1], 10 * MS);
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	assert_true(u[0].start == f->bus.time);
	f->now += 10 * MS;
	bus_leave(&f->bus, &u[1], f->now);
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	f->now += 10 * MS;
	bus_leave(&f->bus, &u[0], f->now);
	/* Equal again: who comes first is first. */
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	bus_leave(&f->bus, &u[1], f->now);
	assert_ptr_equal(f->bus.owner, &u[0]);
	bus_leave(&f->bus, &u[0], f->now);
}

TEST_WITH(user_has_an_account_for_each_bus, struct fixture *f)
{
	struct bus_user *user = &f->users[0];
	struct bus other, third;

	bus_init(&other, false, f->now);
	bus_init(&third, false, f->now);
	use(f, user, 5 * MS);
	assert_true(bus_acquire(&other, user, f->now));
	f->now += 3 * MS;
	bus_leave(&other, user, f->now);
	use(f, user, 5 * MS);
	assert_true(user->account->finish == NOW + 10 * MS);
	/* More than it has room for: the least is forgotten. */
	assert_true(bus_acquire(&third, user, f->now));
	bus_leave(&third, user, f->now);
	use(f, user, 5 * MS);
	assert_true(user->account->finish == NOW + 15 * MS);
	bus_fini(&third);
	bus_fini(&other);
}

TEST_WITH(owner_that_puts_it_off_keeps_its_place, struct fixture *f)
{
	struct bus_user *u = f->users;

	bus_acquire(&f->bus, &u[0], f->now);
	bus_acquire(&f->bus, &u[1], f->now);
	bus_acquire(&f->bus, &u[2], f->now);
	bus_leave(&f->bus, &u[0], f->now);
	assert_true(woken(&u[1]));
	bus_postpone(&f->bus, &u[1], f->now + 10, NULL, f->now);
	assert_true(woken(&u[2]));
	assert_false(bus_acquire(&f->bus, &u[1], f->now + 9));
	assert_true(counter_get(&u[1].not_before) == f->now + 10);
	assert_false(bus_acquire(&f->bus, &u[3], f->now));
	/* u[1] can go on now, and goes before all who came after it. */
	f->now += 10;
	bus_leave(&f->bus, &u[2], f->now);
	assert_false(woken(&u[3]));
	assert_true(woken(&u[1]));
	bus_leave(&f->bus, &u[1], f->now);
	assert_true(woken(&u[3]));
	bus_leave(&f->bus, &u[3], f->now);
}

TEST_WITH(bus_put_off_by_all_is_free, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	bus_postpone(&f->bus, &u[0], f->now + 10, NULL, f->now);
	assert_null(f->bus.owner);
	assert_true(bus_acquire(&f->bus, &u[1], f->now + 1));
	bus_leave(&f->bus, &u[1], f->now + 2);
	assert_null(f->bus.owner);
	/* Who comes at that time does not get ahead. */
	assert_false(bus_acquire(&f->bus, &u[2], f->now + 10));
	assert_true(woken(&u[0]));
	assert_true(bus_acquire(&f->bus, &u[0], f->now + 10));
	bus_leave(&f->bus, &u[0], f->now + 10);
	assert_true(woken(&u[2]));
	bus_leave(&f->bus, &u[2], f->now + 10);
}

/* It had the bus, though not for its message. */
TEST_WITH(time_before_putting_it_off_is_charged, struct fixture *f)
{
	struct bus_user *user = &f->users[0];

	for (int leaves = 0; leaves < 2; leaves++) {
		uint64_t start = f->bus.time;

		assert_true(bus_acquire(&f->bus, user, f->now));
		f->now += 7;
		bus_postpone(&f->bus, user, f->now + 10, NULL, f->now);
		f->now += 10;
		if (!leaves) {
			assert_true(bus_acquire(&f->bus, user, f->now));
			f->now += 5;
		}
		bus_leave(&f->bus, user, f->now);
		assert_true(user->account->finish - start == (leaves ? 7 : 12));
		assert_true(user->unpaid == 0);
	}
}

/* Or, on a coarse clock, it could come and go for ever, ahead of others. */
TEST_WITH(putting_it_off_is_never_free, struct fixture *f)
{
	struct bus_user *user = &f->users[0];

	for (unsigned int i = 1; i <= 5; i++) {
		assert_true(bus_acquire(&f->bus, user, f->now));
		bus_postpone(&f->bus, user, f->now + 10, NULL, f->now);
		bus_leave(&f->bus, user, f->now);
		assert_true(user->account->finish == NOW + i);
	}
}

TEST_WITH(bus_is_wanted_by_who_can_go_on, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	bus_postpone(&f->bus, &u[1], f->now + 10, NULL, f->now);
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_is_wanted(&f->bus, f->now + 9));
	assert_true(bus_is_wanted(&f->bus, f->now + 10));
	bus_acquire(&f->bus, &u[2], f->now);
	assert_true(bus_is_wanted(&f->bus, f->now));
	for (int i = 0; i < 3; i++)
		bus_leave(&f->bus, &u[i], f->now);
}

TEST_WITH(owner_that_watches_is_woken_once, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_watch(&f->bus, f->now));
	assert_false(woken(&u[0]));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_true(woken(&u[0]));
	assert_true(bus_watch(&f->bus, f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	assert_false(woken(&u[0]));
	for (int i = 0; i < 3; i++)
		bus_leave(&f->bus, &u[i], f->now);
}

TEST_WITH(watch_ends_with_the_message, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_watch(&f->bus, f->now));
	bus_leave(&f->bus, &u[0], f->now);
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	assert_false(woken(&u[0]));
	assert_false(woken(&u[1]));
	bus_leave(&f->bus, &u[1], f->now);
	bus_leave(&f->bus, &u[2], f->now);
}

/* Its time has come, so the owner has to know, as of any other. */
TEST_WITH(watching_owner_is_woken_by_who_had_put_it_off, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	bus_postpone(&f->bus, &u[1], f->now + 10, NULL, f->now);
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_watch(&f->bus, f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now + 9));
	assert_false(woken(&u[0]));
	assert_false(bus_acquire(&f->bus, &u[1], f->now + 10));
	assert_true(woken(&u[0]));
	bus_leave(&f->bus, &u[0], f->now + 10);
	bus_leave(&f->bus, &u[1], f->now + 10);
}

/* u[1] had a long message and waits; u[0] has the bus, and had little. */
static void make_debt(struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	f->now += 10 * MS;
	bus_leave(&f->bus, &u[1], f->now);
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_true(woken(&u[0]));
}

TEST_WITH(who_is_behind_keeps_the_bus, struct fixture *f)
{
	struct bus_user *u = f->users;

	make_debt(f);
	for (uint64_t had = MS; had < 10 * MS; had += MS) {
		f->now += MS;
		assert_true(bus_linger(&f->bus, &u[0], f->now) > 0);
		assert_true(bus_acquire(&f->bus, &u[0], f->now));
	}
	assert_false(woken(&u[1]));
	f->now += MS;
	assert_true(bus_linger(&f->bus, &u[0], f->now) == 0);
	assert_true(woken(&u[1]));
	bus_leave(&f->bus, &u[1], f->now);
}

TEST_WITH(lingering_is_paid_for_and_ends_by_leaving, struct fixture *f)
{
	struct bus_user *u = f->users;

	make_debt(f);
	f->now += MS;
	assert_true(bus_linger(&f->bus, &u[0], f->now) > 0);
	f->now += MS;
	bus_leave(&f->bus, &u[0], f->now);
	assert_true(u[0].account->finish == NOW + 2 * MS);
	assert_true(woken(&u[1]));
	bus_leave(&f->bus, &u[1], f->now);
}

TEST_WITH(newcomer_ends_the_lingering, struct fixture *f)
{
	struct bus_user *u = f->users;

	make_debt(f);
	f->now += MS;
	assert_true(bus_linger(&f->bus, &u[0], f->now) > 0);
	f->now += MS;
	assert_true(bus_acquire(&f->bus, &u[2], f->now));
	assert_true(u[0].account->finish == NOW + 2 * MS);
	/* It finds out when it next asks, and it is still before u[1]. */
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	bus_leave(&f->bus, &u[2], f->now);
	assert_true(woken(&u[0]));
	assert_false(woken(&u[1]));
	bus_leave(&f->bus, &u[0], f->now);
	bus_leave(&f->bus, &u[1], f->now);
}

/* It is here, and the owner may never be again. */
TEST_WITH(equal_ends_the_lingering, struct fixture *f)
{
	struct bus_user *u = f->users;

	make_debt(f);
	u[2].accounts[0] =
		(struct bus_account){ .bus = &f->bus, .finish = NOW + MS };
	f->now += MS;
	assert_true(bus_linger(&f->bus, &u[0], f->now) > 0);
	assert_true(u[0].start == NOW + MS);
	assert_true(bus_acquire(&f->bus, &u[2], f->now));
	for (int i = 0; i < 3; i++)
		bus_leave(&f->bus, &u[i], f->now);
}

TEST_WITH(who_had_more_does_not_end_the_lingering, struct fixture *f)
{
	struct bus_user *u = f->users;

	make_debt(f);
	u[2].accounts[0] =
		(struct bus_account){ .bus = &f->bus, .finish = NOW + 5 * MS };
	f->now += MS;
	assert_true(bus_linger(&f->bus, &u[0], f->now) > 0);
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	for (int i = 0; i < 3; i++)
		bus_leave(&f->bus, &u[i], f->now);
}

TEST_WITH(nobody_waits_so_nobody_lingers, struct fixture *f)
{
	assert_true(bus_acquire(&f->bus, &f->users[0], f->now));
	assert_true(bus_linger(&f->bus, &f->users[0], f->now + MS) == 0);
	assert_null(f->bus.owner);
}

TEST_MAIN(setup, teardown)
