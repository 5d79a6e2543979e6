/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The queue: who is next, and who leaves. */
#include "tests/unit/spi-daemon/bus/bus_rig.h"

TEST_WITH(free_bus_is_taken_at_once, struct fixture *f)
{
	assert_true(bus_acquire(&f->bus, &f->users[0], f->now));
	assert_true(bus_acquire(&f->bus, &f->users[0], f->now));
	assert_false(woken(&f->users[0]));
	bus_leave(&f->bus, &f->users[0], f->now);
	assert_false(woken(&f->users[0]));
}

TEST_WITH(bus_goes_to_who_waited_longest, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	for (int i = 1; i < USERS; i++)
		assert_false(bus_acquire(&f->bus, &u[i], f->now));
	for (int i = 1; i < USERS; i++) {
		bus_leave(&f->bus, &u[i - 1], f->now);
		for (int j = 0; j < USERS; j++)
			assert_int_equal(woken(&u[j]), j == i);
		assert_true(bus_acquire(&f->bus, &u[i], f->now));
	}
	bus_leave(&f->bus, &u[USERS - 1], f->now);
}

TEST_WITH(asking_again_does_not_lose_the_place, struct fixture *f)
{
	struct bus_user *u = f->users;

	bus_acquire(&f->bus, &u[0], f->now);
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	bus_leave(&f->bus, &u[0], f->now);
	assert_true(woken(&u[1]));
	bus_leave(&f->bus, &u[1], f->now);
	assert_true(woken(&u[2]));
	assert_true(bus_acquire(&f->bus, &u[2], f->now));
	bus_leave(&f->bus, &u[2], f->now);
}

/* An owner that comes back queues behind those who waited. */
TEST_WITH(former_owner_gets_to_the_end, struct fixture *f)
{
	struct bus_user *u = f->users;

	bus_acquire(&f->bus, &u[0], f->now);
	bus_acquire(&f->bus, &u[1], f->now);
	bus_leave(&f->bus, &u[0], f->now);
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	bus_leave(&f->bus, &u[1], f->now);
	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	bus_leave(&f->bus, &u[0], f->now);
	assert_true(woken(&u[0]));
	assert_true(woken(&u[1]));
}

/* Who leaves: the first, one in the middle, or the last of three. */
TEST_WITH(leaving_the_queue_keeps_the_others, struct fixture *f)
{
	struct bus_user *u = f->users;

	for (int gone = 1; gone < USERS; gone++) {
		for (int i = 0; i < USERS; i++)
			bus_acquire(&f->bus, &u[i], f->now);
		bus_leave(&f->bus, &u[gone], f->now);
		bus_leave(&f->bus, &u[0], f->now);
		for (int i = 1; i < USERS; i++) {
			assert_int_equal(woken(&u[i]), i != gone);
			if (i != gone)
				bus_leave(&f->bus, &u[i], f->now);
		}
		assert_null(f->bus.owner);
	}
}

TEST_WITH(last_in_the_queue_can_leave_and_come_back, struct fixture *f)
{
	struct bus_user *u = f->users;

	for (int i = 0; i < USERS; i++)
		bus_acquire(&f->bus, &u[i], f->now);
	bus_leave(&f->bus, &u[3], f->now);
	assert_false(bus_acquire(&f->bus, &u[3], f->now));
	for (int i = 0; i < USERS; i++) {
		assert_ptr_equal(f->bus.owner, &u[i]);
		bus_leave(&f->bus, &u[i], f->now);
	}
}

TEST_WITH(leaving_without_being_there_changes_nothing, struct fixture *f)
{
	bus_leave(&f->bus, &f->users[0], f->now);
	assert_true(bus_acquire(&f->bus, &f->users[1], f->now));
	bus_leave(&f->bus, &f->users[0], f->now);
	assert_ptr_equal(f->bus.owner, &f->users[1]);
	bus_leave(&f->bus, &f->users[1], f->now);
}

/* The owner's message is over, and the bus does not know. */
TEST_WITH(owner_that_nobody_disturbs_goes_on_with_its_next_message,
	  struct fixture *f)
{
	struct bus_user *u = &f->users[0];

	assert_true(bus_acquire(&f->bus, u, f->now));
	f->now += MS;
	assert_true(bus_end(u, f->now));
	f->now += MS;
	assert_true(bus_acquire(&f->bus, u, f->now));
	/* It had the bus for both, and the message for one. */
	assert_true(u->account->finish == NOW + 2 * MS);
	assert_true(u->account->ended == NOW + MS);
	assert_true(u->since == f->now && counter_get(&u->begun) == f->now);
	f->now += MS;
	assert_true(bus_end(u, f->now));
	bus_leave(&f->bus, u, f->now);
	assert_true(u->account->finish == NOW + 3 * MS);
	assert_false(woken(u));
}

/* @user, who owns the bus, has @count messages of 1 ms, and begins another. */
static void go_on(struct fixture *f, struct bus_user *user, unsigned int count)
{
	while (count--) {
		f->now += MS;
		assert_true(bus_end(user, f->now));
		assert_true(bus_await(&f->bus, user, &f->now));
	}
}

TEST_WITH(messages_that_begin_without_the_lock_cost_as_much, struct fixture *f)
{
	struct bus_user *u = &f->users[0];

	u->weight = 2;
	assert_true(bus_acquire(&f->bus, u, f->now));
	go_on(f, u, 5);
	assert_true(counter_get(&u->unlocked) == 5 * MS / 2);
	assert_true(u->since == f->now && counter_get(&u->begun) == f->now);
	assert_true(u->account->ended == f->now);
	f->now += MS;
	bus_leave(&f->bus, u, f->now);
	assert_true(u->account->finish == NOW + 6 * MS / 2);
	assert_true(f->bus.time == u->account->finish);
	assert_true(counter_get(&u->unlocked) == 0);
}

/* Who comes has not saved up the time of messages that began unlocked. */
TEST_WITH(virtual_time_goes_on_without_the_lock, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	go_on(f, &u[0], 100);
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_true(u[1].start == NOW + 100 * MS);
	/* The owner knows, and hands the bus over. */
	f->now += MS;
	assert_false(bus_end(&u[0], f->now));
	assert_false(bus_await(&f->bus, &u[0], &f->now));
	assert_ptr_equal(f->bus.owner, &u[1]);
	assert_true(u[0].start == NOW + 101 * MS);
	bus_leave(&f->bus, &u[0], f->now);
	bus_leave(&f->bus, &u[1], f->now);
}

TEST_WITH(message_that_was_put_off_is_forgotten_without_the_lock,
	  struct fixture *f)
{
	struct bus_user *u = &f->users[0];

	assert_true(bus_acquire(&f->bus, u, f->now));
	bus_postpone(&f->bus, u, f->now + 5, f, f->now);
	f->now += MS;
	assert_true(bus_acquire(&f->bus, u, f->now));
	go_on(f, u, 1);
	assert_true(!u->unpaid && !counter_get(&u->not_before) &&
		    !u->waits_for);
	bus_leave(&f->bus, u, f->now);
	/* What it had before it was put off is paid for, too. */
	assert_true(u->account->finish == NOW + MS + 2);
}

TEST_WITH(owner_leaves_the_bus_at_once_if_somebody_waits, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_end(&u[0], f->now));
	assert_true(bus_linger(&f->bus, &u[0], f->now) == 0);
	assert_true(woken(&u[1]));
	/* The others know of whom they keep waiting, too. */
	assert_false(bus_acquire(&f->bus, &u[2], f->now));
	assert_true(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(bus_end(&u[1], f->now));
	bus_leave(&f->bus, &u[1], f->now);
	assert_true(bus_acquire(&f->bus, &u[2], f->now));
	assert_true(bus_end(&u[2], f->now));
	bus_leave(&f->bus, &u[2], f->now);
}

TEST_WITH(who_comes_between_two_messages_goes_first, struct fixture *f)
{
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0], f->now));
	f->now += MS;
	assert_true(bus_end(&u[0], f->now));
	assert_false(bus_acquire(&f->bus, &u[1], f->now));
	assert_false(woken(&u[1]));
	assert_false(bus_acquire(&f->bus, &u[0], f->now));
	assert_true(woken(&u[1]));
	bus_leave(&f->bus, &u[1], f->now);
	bus_leave(&f->bus, &u[0], f->now);
}

TEST_MAIN(setup, teardown)
