/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/bus/bus.h"

/*
 * Virtual time begins at the real one. As it never runs faster, an account of
 * a bus that is gone cannot be ahead of one that came to its address.
 */
void bus_init(struct bus *bus, uint64_t now)
{
	*bus = (struct bus){ .time = now, .latest = now };
	pthread_mutex_init(&bus->lock, NULL);
}

void bus_fini(struct bus *bus)
{
	pthread_mutex_destroy(&bus->lock);
}

int bus_user_init(struct bus_user *user, unsigned int buses)
{
	int ret;

	*user = (struct bus_user){
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.weight = BUS_WEIGHT_DEFAULT,
		.account_count = buses,
	};
	if (user->wake < 0)
		return -errno;
	user->accounts = calloc(buses, sizeof(*user->accounts));
	ret = user->accounts ? 0 : -ENOMEM;
	if (ret < 0)
		close(user->wake);
	return ret;
}

void bus_user_fini(struct bus_user *user)
{
	free(user->accounts);
	close(user->wake);
}

void bus_user_woken(struct bus_user *user)
{
	eventfd_t count;

	eventfd_read(user->wake, &count);
}

/*
 * The user's account at @bus. A new one takes the place of the one that is
 * behind all others: a free one, or one that says the least.
 */
static struct bus_account *find_account(struct bus_user *user,
					const struct bus *bus)
{
	struct bus_account *account = &user->accounts[0];

	for (unsigned int i = 0; i < user->account_count; i++) {
		struct bus_account *a = &user->accounts[i];

		if (a->bus == bus)
			return a;
		if (a->finish < account->finish)
			account = a;
	}
	*account = (struct bus_account){ .bus = bus };
	return account;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What the user has had, it has to wait for; and every turn counts. */
static void charge(struct bus *bus, struct bus_user *user, uint64_t held)
{
	uint64_t time = (held + user->weight - 1) / user->weight;

	user->unpaid = 0;
	user->account->finish = user->start + later(time, 1);
	bus->latest = later(bus->latest, user->account->finish);
}

/* Time that the owner has had since it came, or came back. */
static uint64_t time_held(const struct bus_user *user, uint64_t now)
{
	return user->unpaid + (now > user->since ? now - user->since : 0);
}

static bool goes_before(const struct bus_user *a, const struct bus_user *b)
{
	return a->start < b->start ||
	       (a->start == b->start && a->arrival < b->arrival);
}

static void enqueue(struct bus *bus, struct bus_user *user)
{
	struct bus_user **at = &bus->first;

	while (*at && goes_before(*at, user))
		at = &(*at)->next;
	user->next = *at;
	*at = user;
	user->state = BUS_USER_QUEUED;
}

static void dequeue(struct bus *bus, struct bus_user *user)
{
	struct bus_user **at = &bus->first;

	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	user->next = NULL;
	user->state = BUS_USER_AWAY;
}

/* Who is next, of those who can go on at once; or NULL. */
static struct bus_user *find_next(const struct bus *bus, uint64_t now)
{
	struct bus_user *user = bus->first;

	while (user && user->not_before > now)
		user = user->next;
	return user;
}

/* The owner has nothing more to do with the bus. */
static void set_free(struct bus *bus)
{
	bus->owner->state = BUS_USER_AWAY;
	bus->owner = NULL;
	bus->state = BUS_FREE;
}

/* Gives the bus, which is FREE, to who is next. @self does not sleep. */
static void hand_over(struct bus *bus, const struct bus_user *self,
		      uint64_t now)
{
	struct bus_user *user = find_next(bus, now);

	assert(bus->state == BUS_FREE);
	if (!user) {
		/* Who comes next, and whoever it is, has saved up nothing. */
		bus->time = bus->latest;
		return;
	}
	dequeue(bus, user);
	bus->state = BUS_OWNED;
	bus->owner = user;
	user->state = BUS_USER_OWNER;
	user->since = now;
	bus->time = later(bus->time, user->start);
	/* Inside the lock, as outside of it the user may be no more. */
	if (user != self)
		eventfd_write(user->wake, 1);
}

/* The user is AWAY: a message of it begins. */
static void arrive(struct bus *bus, struct bus_user *user)
{
	user->account = find_account(user, bus);
	user->start = later(bus->time, user->account->finish);
	user->arrival = bus->arrivals++;
	user->not_before = 0;
	user->waits_for = NULL;
	enqueue(bus, user);
}

/*
 * @user has come to the bus, which another one owns. An owner that lingers has
 * no message: who comes with one goes first, unless it has had more of the bus.
 */
static void disturb(struct bus *bus, const struct bus_user *user, uint64_t now)
{
	struct bus_user *owner = bus->owner;

	if (user->not_before > now)
		return;
	if (bus->state == BUS_WATCHED) {
		bus->state = BUS_OWNED;
		eventfd_write(owner->wake, 1);
	} else if (bus->state == BUS_LINGERS && user->start <= owner->start) {
		charge(bus, owner, time_held(owner, now));
		set_free(bus);
	}
}

bool bus_acquire(struct bus *bus, struct bus_user *user, uint64_t now)
{
	bool owner;

	pthread_mutex_lock(&bus->lock);
	if (user->state == BUS_USER_AWAY)
		arrive(bus, user);
	if (bus->owner == user) {
		bus->state = BUS_OWNED;
		bus->time = later(bus->time, user->start);
	} else if (bus->owner) {
		disturb(bus, user, now);
	}
	if (bus->state == BUS_FREE)
		hand_over(bus, user, now);
	owner = bus->owner == user;
	pthread_mutex_unlock(&bus->lock);
	return owner;
}

void bus_postpone(struct bus *bus, struct bus_user *user, uint64_t until,
		  const void *what, uint64_t now)
{
	pthread_mutex_lock(&bus->lock);
	assert(bus->owner == user && bus->state != BUS_LINGERS);
	/* Paid at the end: to pay now would cost the place in the queue. */
	user->unpaid = later(time_held(user, now), 1);
	user->not_before = until;
	user->waits_for = what;
	set_free(bus);
	enqueue(bus, user);
	hand_over(bus, user, now);
	pthread_mutex_unlock(&bus->lock);
}

void bus_recall(struct bus *bus, const void *what)
{
	pthread_mutex_lock(&bus->lock);
	for (struct bus_user *user = bus->first; user; user = user->next)
		if (user->waits_for == what)
			user->not_before = 0;
	pthread_mutex_unlock(&bus->lock);
}

void bus_leave(struct bus *bus, struct bus_user *user, uint64_t now)
{
	pthread_mutex_lock(&bus->lock);
	switch (user->state) {
	case BUS_USER_OWNER:
		assert(bus->owner == user);
		charge(bus, user, time_held(user, now));
		set_free(bus);
		hand_over(bus, user, now);
		break;
	case BUS_USER_QUEUED:
		dequeue(bus, user);
		if (user->unpaid)
			charge(bus, user, user->unpaid);
		break;
	case BUS_USER_AWAY:
		break;
	}
	pthread_mutex_unlock(&bus->lock);
}

uint64_t bus_linger(struct bus *bus, struct bus_user *user, uint64_t now)
{
	const struct bus_user *next;
	uint64_t behind = 0;

	pthread_mutex_lock(&bus->lock);
	assert(bus->owner == user && bus->state != BUS_LINGERS);
	charge(bus, user, time_held(user, now));
	next = find_next(bus, now);
	if (next && next->start > user->account->finish) {
		user->start = user->account->finish;
		user->arrival = bus->arrivals++;
		user->since = now; /* what it lingers, it pays for */
		bus->state = BUS_LINGERS;
		behind = next->start - user->start;
	} else {
		set_free(bus);
		hand_over(bus, user, now);
	}
	pthread_mutex_unlock(&bus->lock);
	return behind;
}

bool bus_is_wanted(struct bus *bus, uint64_t now)
{
	bool wanted;

	pthread_mutex_lock(&bus->lock);
	wanted = find_next(bus, now);
	pthread_mutex_unlock(&bus->lock);
	return wanted;
}

bool bus_watch(struct bus *bus, uint64_t now)
{
	bool wanted;

	pthread_mutex_lock(&bus->lock);
	assert(bus->owner && bus->state != BUS_LINGERS);
	wanted = find_next(bus, now);
	bus->state = wanted ? BUS_OWNED : BUS_WATCHED;
	pthread_mutex_unlock(&bus->lock);
	return wanted;
}
