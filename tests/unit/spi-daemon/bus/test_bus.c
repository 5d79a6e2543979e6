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

TEST_MAIN(setup, teardown)
