/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The queue: who is next, and who leaves. */
#include "tests/unit/spi-daemon/bus/bus_rig.h"

static void free_bus_is_taken_at_once(void **state)
{
	struct fixture *f = *state;

	assert_true(bus_acquire(&f->bus, &f->users[0], f->now));
	assert_true(bus_acquire(&f->bus, &f->users[0], f->now));
	assert_false(woken(&f->users[0]));
	bus_leave(&f->bus, &f->users[0], f->now);
	assert_false(woken(&f->users[0]));
}

static void bus_goes_to_who_waited_longest(void **state)
{
	struct fixture *f = *state;
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

static void asking_again_does_not_lose_the_place(void **state)
{
	struct fixture *f = *state;
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
static void former_owner_gets_to_the_end(void **state)
{
	struct fixture *f = *state;
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
static void leaving_the_queue_keeps_the_others(void **state)
{
	struct fixture *f = *state;
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

static void last_in_the_queue_can_leave_and_come_back(void **state)
{
	struct fixture *f = *state;
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

static void leaving_without_being_there_changes_nothing(void **state)
{
	struct fixture *f = *state;

	bus_leave(&f->bus, &f->users[0], f->now);
	assert_true(bus_acquire(&f->bus, &f->users[1], f->now));
	bus_leave(&f->bus, &f->users[0], f->now);
	assert_ptr_equal(f->bus.owner, &f->users[1]);
	bus_leave(&f->bus, &f->users[1], f->now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(free_bus_is_taken_at_once),
		TEST(bus_goes_to_who_waited_longest),
		TEST(asking_again_does_not_lose_the_place),
		TEST(former_owner_gets_to_the_end),
		TEST(leaving_the_queue_keeps_the_others),
		TEST(last_in_the_queue_can_leave_and_come_back),
		TEST(leaving_without_being_there_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
