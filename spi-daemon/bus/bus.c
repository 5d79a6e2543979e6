/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
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

static bool is_queued(const struct bus *bus, const struct bus_user *user)
{
	const struct bus_user *u = bus->first;

	while (u && u != user)
		u = u->next;
	return u;
}

static void enqueue(struct bus *bus, struct bus_user *user)
{
	struct bus_user **at = &bus->first;

	while (*at && goes_before(*at, user))
		at = &(*at)->next;
	user->next = *at;
	*at = user;
}

static void dequeue(struct bus *bus, struct bus_user *user)
{
	struct bus_user **at = &bus->first;

	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	user->next = NULL;
}

/* Who is next, of those who can go on at once; or NULL. */
static struct bus_user *find_next(const struct bus *bus, uint64_t now)
{
	struct bus_user *user = bus->first;

	while (user && user->not_before > now)
		user = user->next;
	return user;
}

/* The bus is free: gives it to who is next. @self does not sleep. */
static void hand_over(struct bus *bus, const struct bus_user *self,
		      uint64_t now)
{
	struct bus_user *user = find_next(bus, now);

	bus->owner = user;
	bus->watched = false;
	bus->lingers = false;
	if (!user) {
		/* Who comes next, and whoever it is, has saved up nothing. */
		bus->time = bus->latest;
		return;
	}
	dequeue(bus, user);
	user->since = now;
	bus->time = later(bus->time, user->start);
	/* Inside the lock, as outside of it the user may be no more. */
	if (user != self)
		eventfd_write(user->wake, 1);
}

/* The user is neither owner nor in the queue: a message of it begins. */
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
 * The owner has no message. Who comes with one goes first, unless it has had
 * more of the bus than the owner.
 */
static void end_linger(struct bus *bus, const struct bus_user *user,
		       uint64_t now)
{
	struct bus_user *owner = bus->owner;

	if (user->not_before > now || user->start > owner->start)
		return;
	charge(bus, owner, time_held(owner, now));
	bus->owner = NULL;
}

/* Somebody waits now, which it wanted to know. */
static void tell_owner(struct bus *bus)
{
	bus->watched = false;
	eventfd_write(bus->owner->wake, 1);
}

bool bus_acquire(struct bus *bus, struct bus_user *user, uint64_t now)
{
	bool owner;

	pthread_mutex_lock(&bus->lock);
	if (bus->owner == user) {
		bus->lingers = false;
		bus->watched = false;
		bus->time = later(bus->time, user->start);
	} else if (!is_queued(bus, user)) {
		arrive(bus, user);
	}
	if (bus->owner && bus->lingers)
		end_linger(bus, user, now);
	if (!bus->owner)
		hand_over(bus, user, now);
	owner = bus->owner == user;
	if (bus->watched && user->not_before <= now)
		tell_owner(bus);
	pthread_mutex_unlock(&bus->lock);
	return owner;
}

void bus_postpone(struct bus *bus, struct bus_user *user, uint64_t until,
		  const void *what, uint64_t now)
{
	pthread_mutex_lock(&bus->lock);
	/* Paid at the end: to pay now would cost the place in the queue. */
	user->unpaid = later(time_held(user, now), 1);
	user->not_before = until;
	user->waits_for = what;
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
	if (bus->owner == user) {
		charge(bus, user, time_held(user, now));
		hand_over(bus, user, now);
	} else if (is_queued(bus, user)) {
		dequeue(bus, user);
		if (user->unpaid)
			charge(bus, user, user->unpaid);
	}
	pthread_mutex_unlock(&bus->lock);
}

uint64_t bus_linger(struct bus *bus, struct bus_user *user, uint64_t now)
{
	const struct bus_user *next;
	uint64_t behind = 0;

	pthread_mutex_lock(&bus->lock);
	charge(bus, user, time_held(user, now));
	next = find_next(bus, now);
	if (next && next->start > user->account->finish) {
		user->start = user->account->finish;
		user->arrival = bus->arrivals++;
		user->since = now; /* what it lingers, it pays for */
		bus->lingers = true;
		behind = next->start - user->start;
	} else {
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
	wanted = find_next(bus, now);
	bus->watched = !wanted;
	pthread_mutex_unlock(&bus->lock);
	return wanted;
}
