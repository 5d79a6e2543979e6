/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Many users on several buses, each with a thread, that do all there is to do
 * in any order. What the buses guard has no atomics: ThreadSanitizer looks on.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "spi-daemon/bus/bus.h"
#include "spi-daemon/system/clock.h"
#include "tests/lib/test.h"

#define BUSES	3
#define USERS	16
#define ROUNDS	600
#define LOST_NS (60 * NS_PER_S) /* a wake-up that takes so long is lost */

/* What a bus guards. */
struct shared {
	struct bus bus;
	struct bus_user *holder;
	unsigned long done;
	bool overlapped;
};

struct tester {
	struct bus_user user;
	struct shared *shared;
	pthread_t thread;
	unsigned int seed;
	unsigned long owned; /* how often */
	bool lost;
};

static unsigned int draw(struct tester *t, unsigned int below)
{
	return (unsigned int)rand_r(&t->seed) % below;
}

/* Waits for a wake-up, or until @until. */
static void doze(struct tester *t, uint64_t until)
{
	struct pollfd fd = { .fd = t->user.wake, .events = POLLIN };
	uint64_t now = clock_now();
	uint64_t left = until > now ? until - now : 0;
	struct timespec timeout = { (time_t)(left / NS_PER_S),
				    (long)(left % NS_PER_S) };

	if (ppoll(&fd, 1, &timeout, NULL) == 1)
		bus_user_woken(&t->user);
}

/* Waits as a worker does. False: gave up, as when a front end goes. */
static bool wait_for_bus(struct tester *t, struct shared *s)
{
	unsigned int patience = draw(t, 8) ? 0 : 1 + draw(t, 3);
	uint64_t lost = clock_now() + LOST_NS;

	for (uint64_t now = clock_now(); !bus_await(&s->bus, &t->user, &now);
	     now = clock_now()) {
		uint64_t until = counter_get(&t->user.not_before);

		if (until <= now)
			until = lost;
		if (now >= lost)
			t->lost = true;
		if (t->lost || (patience && !--patience))
			return false;
		doze(t, until);
	}
	return true;
}

static void use_bus(struct tester *t, struct shared *s)
{
	if (s->holder)
		s->overlapped = true;
	s->holder = &t->user;
	s->done++;
	t->owned++;
	if (!draw(t, 20) && !bus_watch(&s->bus, clock_now()))
		doze(t, clock_now() + draw(t, 300) * NS_PER_US);
	if (!draw(t, 10))
		bus_is_wanted(&s->bus, clock_now());
	if (!draw(t, 10))
		bus_recall(&s->bus, s);
	s->holder = NULL;
}

/* Now and then the chip is not ready to be selected. */
static bool is_ready(struct tester *t, struct shared *s)
{
	uint64_t now = clock_now();

	if (draw(t, 10))
		return true;
	bus_postpone(&s->bus, &t->user, now + (1 + draw(t, 200)) * NS_PER_US,
		     draw(t, 2) ? s : NULL, now);
	return wait_for_bus(t, s);
}

/* One or more messages on a bus. */
static void visit(struct tester *t, struct shared *s)
{
	unsigned int messages = 1 + draw(t, 4);

	while (wait_for_bus(t, s) && is_ready(t, s)) {
		use_bus(t, s);
		if (draw(t, 2) && bus_end(&t->user, clock_now())) {
			if (!--messages)
				break;
			continue;
		}
		if (!--messages)
			break;
		if (bus_linger(&s->bus, &t->user, clock_now()) && !draw(t, 3))
			doze(t, clock_now() + BUS_LINGER_NS / 4);
	}
	/* Also when it owns nothing, which does no harm. */
	bus_leave(&s->bus, &t->user, clock_now());
}

static void *run(void *arg)
{
	struct tester *t = arg;

	for (unsigned int i = 0; i < ROUNDS && !t->lost; i++)
		visit(t, &t->shared[draw(t, BUSES)]);
	return NULL;
}

TEST(one_owner_at_a_time_and_no_lost_wake_up)
{
	static struct shared shared[BUSES];
	static struct tester testers[USERS];
	unsigned long done = 0, owned = 0;

	for (unsigned int i = 0; i < BUSES; i++)
		bus_init(&shared[i].bus, true, clock_now());
	for (unsigned int i = 0; i < USERS; i++) {
		struct tester *t = &testers[i];

		t->shared = shared;
		t->seed = i + 1;
		assert_int_equal(bus_user_init(&t->user, BUSES), 0);
		t->user.weight = i % 5 ? 1 : 1 + i * 6;
	}
	for (unsigned int i = 0; i < USERS; i++)
		assert_int_equal(pthread_create(&testers[i].thread, NULL, run,
						&testers[i]),
				 0);
	for (unsigned int i = 0; i < USERS; i++) {
		pthread_join(testers[i].thread, NULL);
		assert_false(testers[i].lost);
		owned += testers[i].owned;
		bus_user_fini(&testers[i].user);
	}
	for (unsigned int i = 0; i < BUSES; i++) {
		assert_false(shared[i].overlapped);
		assert_null(shared[i].bus.owner);
		assert_null(shared[i].bus.first);
		done += shared[i].done;
		bus_fini(&shared[i].bus);
	}
	assert_true(owned == done);
	assert_true(done > USERS * ROUNDS / 2);
}

/* One that ends at once, though it was woken by one that goes on. */
static void *run_and_end(void *arg)
{
	struct bus *bus = arg;
	struct bus_user *user = malloc(sizeof(*user));
	struct pollfd fd = { .events = POLLIN };

	assert_non_null(user);
	assert_int_equal(bus_user_init(user, 1), 0);
	fd.fd = user->wake;
	while (!bus_acquire(bus, user, clock_now())) {
		poll(&fd, 1, -1);
		bus_user_woken(user);
	}
	bus_leave(bus, user, clock_now());
	bus_user_fini(user);
	free(user);
	return NULL;
}

TEST(user_can_end_as_soon_as_it_has_left)
{
	pthread_t threads[USERS];
	struct bus bus;

	bus_init(&bus, true, clock_now());
	for (unsigned int i = 0; i < 50; i++) {
		for (unsigned int j = 0; j < USERS; j++)
			assert_int_equal(pthread_create(&threads[j], NULL,
							run_and_end, &bus),
					 0);
		for (unsigned int j = 0; j < USERS; j++)
			pthread_join(threads[j], NULL);
	}
	assert_null(bus.owner);
	bus_fini(&bus);
}

TEST_MAIN(NULL, NULL)
