/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>

#include "spi-daemon/bus.h"

#define USERS 4

struct fixture {
	struct bus bus;
	struct bus_user users[USERS];
};

static int setup(void **state)
{
	static struct fixture f;

	bus_init(&f.bus);
	for (int i = 0; i < USERS; i++)
		assert_int_equal(bus_user_init(&f.users[i]), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(f->bus.owner);
	assert_null(f->bus.first);
	assert_null(f->bus.last);
	for (int i = 0; i < USERS; i++) {
		assert_null(f->users[i].next);
		bus_user_fini(&f->users[i]);
	}
	bus_fini(&f->bus);
	return 0;
}

/* Was the user woken? Takes note of it. */
static bool woken(struct bus_user *user)
{
	struct pollfd fd = { .fd = user->wake, .events = POLLIN };
	bool is = poll(&fd, 1, 0) == 1;

	bus_user_woken(user);
	return is;
}

static void free_bus_is_taken_at_once(void **state)
{
	struct fixture *f = *state;

	assert_true(bus_acquire(&f->bus, &f->users[0]));
	assert_true(bus_acquire(&f->bus, &f->users[0]));
	assert_false(woken(&f->users[0]));
	bus_leave(&f->bus, &f->users[0]);
	assert_false(woken(&f->users[0]));
}

static void bus_goes_to_who_waited_longest(void **state)
{
	struct fixture *f = *state;
	struct bus_user *u = f->users;

	assert_true(bus_acquire(&f->bus, &u[0]));
	for (int i = 1; i < USERS; i++)
		assert_false(bus_acquire(&f->bus, &u[i]));
	for (int i = 1; i < USERS; i++) {
		bus_leave(&f->bus, &u[i - 1]);
		for (int j = 0; j < USERS; j++)
			assert_int_equal(woken(&u[j]), j == i);
		assert_true(bus_acquire(&f->bus, &u[i]));
	}
	bus_leave(&f->bus, &u[USERS - 1]);
}

static void asking_again_does_not_lose_the_place(void **state)
{
	struct fixture *f = *state;
	struct bus_user *u = f->users;

	bus_acquire(&f->bus, &u[0]);
	assert_false(bus_acquire(&f->bus, &u[1]));
	assert_false(bus_acquire(&f->bus, &u[2]));
	assert_false(bus_acquire(&f->bus, &u[1]));
	assert_false(bus_acquire(&f->bus, &u[2]));
	bus_leave(&f->bus, &u[0]);
	assert_true(woken(&u[1]));
	bus_leave(&f->bus, &u[1]);
	assert_true(woken(&u[2]));
	assert_true(bus_acquire(&f->bus, &u[2]));
	bus_leave(&f->bus, &u[2]);
}

/* An owner that comes back queues behind those who waited. */
static void former_owner_gets_to_the_end(void **state)
{
	struct fixture *f = *state;
	struct bus_user *u = f->users;

	bus_acquire(&f->bus, &u[0]);
	bus_acquire(&f->bus, &u[1]);
	bus_leave(&f->bus, &u[0]);
	assert_false(bus_acquire(&f->bus, &u[0]));
	bus_leave(&f->bus, &u[1]);
	assert_true(bus_acquire(&f->bus, &u[0]));
	bus_leave(&f->bus, &u[0]);
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
			bus_acquire(&f->bus, &u[i]);
		bus_leave(&f->bus, &u[gone]);
		bus_leave(&f->bus, &u[0]);
		for (int i = 1; i < USERS; i++) {
			assert_int_equal(woken(&u[i]), i != gone);
			if (i != gone)
				bus_leave(&f->bus, &u[i]);
		}
		assert_null(f->bus.owner);
	}
}

static void last_in_the_queue_can_leave_and_come_back(void **state)
{
	struct fixture *f = *state;
	struct bus_user *u = f->users;

	for (int i = 0; i < USERS; i++)
		bus_acquire(&f->bus, &u[i]);
	bus_leave(&f->bus, &u[3]);
	assert_false(bus_acquire(&f->bus, &u[3]));
	for (int i = 0; i < USERS; i++) {
		assert_ptr_equal(f->bus.owner, &u[i]);
		bus_leave(&f->bus, &u[i]);
	}
}

static void leaving_without_being_there_changes_nothing(void **state)
{
	struct fixture *f = *state;

	bus_leave(&f->bus, &f->users[0]);
	assert_true(bus_acquire(&f->bus, &f->users[1]));
	bus_leave(&f->bus, &f->users[0]);
	assert_ptr_equal(f->bus.owner, &f->users[1]);
	bus_leave(&f->bus, &f->users[1]);
}

/* What the bus protects, without atomics: ThreadSanitizer looks on. */
struct stress {
	struct fixture *f;
	unsigned long done;
	struct bus_user *holder;
	bool overlapped;
};

struct stress_thread {
	struct stress *stress;
	struct bus_user *user;
	unsigned int timeouts;
};

#define ROUNDS 3000

/* Waits for the bus as a worker does; now and then gives up instead. */
static bool wait_for_bus(struct stress_thread *t, struct bus *bus,
			 unsigned int round)
{
	while (!bus_acquire(bus, t->user)) {
		struct pollfd fd = { .fd = t->user->wake, .events = POLLIN };

		if (round % 7 == 3) {
			bus_leave(bus, t->user);
			return false;
		}
		if (poll(&fd, 1, 20000) != 1)
			t->timeouts++;
		bus_user_woken(t->user);
		if (t->timeouts)
			return false;
	}
	return true;
}

static void *stress_run(void *arg)
{
	struct stress_thread *t = arg;
	struct stress *s = t->stress;
	struct bus *bus = &s->f->bus;

	for (unsigned int i = 0; i < ROUNDS && !t->timeouts; i++) {
		if (!wait_for_bus(t, bus, i))
			continue;
		if (s->holder)
			s->overlapped = true;
		s->holder = t->user;
		s->done++;
		s->holder = NULL;
		bus_leave(bus, t->user);
	}
	bus_leave(bus, t->user);
	return NULL;
}

static void one_owner_at_a_time_and_no_lost_wake_up(void **state)
{
	struct stress s = { .f = *state };
	struct stress_thread t[USERS];
	pthread_t threads[USERS];

	for (int i = 0; i < USERS; i++) {
		t[i] = (struct stress_thread){ &s, &s.f->users[i], 0 };
		assert_int_equal(
			pthread_create(&threads[i], NULL, stress_run, &t[i]),
			0);
	}
	for (int i = 0; i < USERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < USERS; i++)
		assert_int_equal(t[i].timeouts, 0);
	assert_false(s.overlapped);
	assert_true(s.done >= USERS * (ROUNDS * 6ul / 7 - 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(one_owner_at_a_time_and_no_lost_wake_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
