/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <stddef.h>

#include "spi-daemon/bus/bus.h"
#include "spi-daemon/system/clock.h"
#include "spi-daemon/system/cpu.h"

/* How late a message may be when it is looked at, besides what is usual, ns. */
#define LOOK_SLACK 5000

/* Turns of waiting between two looks at the clock, which cost as much. */
#define LOOK_TURNS 16

/*
 * Virtual time begins at the real one. As it never runs faster, an account of
 * a bus that is gone cannot be ahead of one that came to its address.
 */
void bus_init(struct bus *bus, bool may_look, uint64_t now)
{
	*bus = (struct bus){ .may_look = may_look, .time = now, .latest = now };
	pthread_mutex_init(&bus->lock, NULL);
}

void bus_fini(struct bus *bus)
{
	pthread_mutex_destroy(&bus->lock);
}

/* Has @user signalled when the bus, of which the lock is held, is unlocked. */
static void wake(struct bus *bus, struct bus_user *user)
{
	assert(!bus->to_wake);
	bus_user_hold(user);
	bus->to_wake = user;
}

/* A system call has no place inside the lock. */
static void unlock(struct bus *bus)
{
	struct bus_user *user = bus->to_wake;

	bus->to_wake = NULL;
	pthread_mutex_unlock(&bus->lock);
	if (user)
		bus_user_wake(user);
}

/*
 * What the user, which has had the bus for @held, has to wait for, in virtual
 * time. Every turn counts.
 */
static uint64_t price(const struct bus_user *user, uint64_t held)
{
	uint64_t time = held;

	if (user->weight != BUS_WEIGHT_MIN)
		time = (held + user->weight - 1) / user->weight;
	return clock_later(time, 1);
}

/* The same for all that it has had since it came. */
static void charge(struct bus *bus, struct bus_user *user, uint64_t held)
{
	user->account->finish =
		user->start + counter_get(&user->unlocked) + price(user, held);
	user->unpaid = 0;
	counter_set(&user->unlocked, 0);
	bus->latest = clock_later(bus->latest, user->account->finish);
}

/* Time that the owner has had since it came, or came back. */
static uint64_t time_held(const struct bus_user *user, uint64_t now)
{
	return user->unpaid + clock_from(user->since, now);
}

/*
 * The owner has nothing more to do with the bus. If it had a message on it,
 * that is over.
 */
static void set_free(struct bus *bus, uint64_t now)
{
	struct bus_user *owner = bus->owner;

	if (bus->state == BUS_GIVEN || bus->state == BUS_LINGERS)
		counter_add(&bus->idle_ns, clock_from(owner->since, now));
	bus_user_set_state(owner, BUS_USER_AWAY);
	bus->owner = NULL;
	bus->state = BUS_FREE;
}

/* A hint for the owner itself; for the holder of the lock, the truth. */
static bool is_wanted(const struct bus_user *owner)
{
	return atomic_load_explicit(&owner->wanted, memory_order_relaxed);
}

static void set_wanted(struct bus_user *owner, bool wanted)
{
	atomic_store_explicit(&owner->wanted, wanted, memory_order_relaxed);
}

/* The owner begins its message. */
static void begin(struct bus *bus, uint64_t now)
{
	struct bus_user *next = bus_queue_next(bus->first, now);

	if (bus->state == BUS_GIVEN || bus->state == BUS_LINGERS)
		counter_add(&bus->idle_ns, clock_from(bus->owner->since, now));
	bus->state = BUS_OWNED;
	counter_set(&bus->owner->begun, now);
	set_wanted(bus->owner, next);
	/* Whom it overtook is still ahead of all that come. */
	bus->time = clock_later(
		bus->time, next ? clock_earlier(bus->owner->start, next->start)
				: bus->owner->start);
	if (!bus->may_look || !next ||
	    bus_user_state(next) != BUS_USER_QUEUED ||
	    !bus_user_is_short(bus->owner))
		return;
	bus_user_set_state(next, BUS_USER_ROUSED);
	wake(bus, next);
}

/* Gives the bus, which is FREE, to who is next. @self does not sleep. */
static void hand_over(struct bus *bus, const struct bus_user *self,
		      uint64_t now)
{
	struct bus_user *user = bus_queue_choose(bus->first, self, now);
	enum bus_user_state state;

	assert(bus->state == BUS_FREE);
	if (!user) {
		/* Who comes next, and whoever it is, has saved up nothing. */
		bus->time = bus->latest;
		return;
	}
	state = bus_user_state(user);
	bus_queue_remove(&bus->first, user);
	bus->owner = user;
	user->since = now;
	if (user == self || state == BUS_USER_LOOKS) {
		begin(bus, now);
	} else {
		bus->state = BUS_GIVEN;
		bus->time = clock_later(bus->time, user->start);
		if (state == BUS_USER_QUEUED)
			wake(bus, user);
	}
	bus_user_set_state(user, BUS_USER_OWNER);
}

/*
 * The owner may have gone on without the lock, as nobody waited. Virtual time
 * has gone on with it.
 */
static void catch_up(struct bus *bus)
{
	const struct bus_user *owner = bus->owner;

	if ((bus->state == BUS_OWNED || bus->state == BUS_WATCHED) &&
	    !is_wanted(owner))
		bus->time = clock_later(bus->time,
					owner->start +
						counter_get(&owner->unlocked));
}

/* The user is AWAY: a message of it begins. */
static void arrive(struct bus *bus, struct bus_user *user, uint64_t now)
{
	catch_up(bus);
	user->account =
		bus_account_find(user->accounts, user->account_count, bus);
	bus_account_comes(user->account, now);
	user->start = clock_later(bus->time, user->account->finish);
	user->arrival = bus->arrivals++;
	counter_set(&user->not_before, 0);
	user->waits_for = NULL;
	user->in_vain = 0;
	bus_queue_add(&bus->first, user);
}

/*
 * @user has come to the bus, which another one owns. An owner that lingers has
 * no message: who comes with one goes first, unless it has had more of the bus.
 */
static void disturb(struct bus *bus, const struct bus_user *user, uint64_t now)
{
	struct bus_user *owner = bus->owner;

	if (counter_get(&user->not_before) > now)
		return;
	set_wanted(owner, true);
	if (bus->state == BUS_WATCHED) {
		bus->state = BUS_OWNED;
		wake(bus, owner);
	} else if (bus->state == BUS_LINGERS && user->start <= owner->start) {
		charge(bus, owner, time_held(owner, now));
		set_free(bus, now);
	} else if (bus->state == BUS_GIVEN &&
		   bus_user_may_overtake(user, owner)) {
		/* It was woken already, or is about to be. */
		set_free(bus, now);
		bus_queue_add(&bus->first, owner);
		bus_user_set_state(owner, BUS_USER_ROUSED);
	}
}

/* The owner comes for the bus. */
static void take(struct bus *bus, uint64_t now)
{
	struct bus_user *owner = bus->owner;
	enum bus_state state = bus->state;

	if (state == BUS_LINGERS)
		bus_account_comes(owner->account, now);
	if (state == BUS_LINGERS || state == BUS_GIVEN)
		begin(bus, now);
	/* The owner pays for no wake-up, unless it takes its time. */
	if (state == BUS_GIVEN)
		owner->since += clock_earlier(clock_from(owner->since, now),
					      BUS_LINGER_NS);
	bus->state = BUS_OWNED;
}

/* The owner's message is over, whatever came of it; or it had none. */
static void end_message(struct bus *bus, uint64_t now)
{
	struct bus_user *owner = bus->owner;

	if (bus->state == BUS_OWNED || bus->state == BUS_WATCHED)
		bus_account_ends(owner->account, counter_get(&owner->begun),
				 owner->over ? owner->over : now);
	owner->over = 0;
	charge(bus, owner, time_held(owner, now));
}

/* With the lock. Returns whether @user is the owner. */
static bool acquire(struct bus *bus, struct bus_user *user, uint64_t now)
{
	if (user->over) {
		end_message(bus, now);
		set_free(bus, now);
	}
	if (bus_user_state(user) == BUS_USER_AWAY)
		arrive(bus, user, now);
	if (bus->owner == user)
		take(bus, now);
	else if (bus->owner)
		disturb(bus, user, now);
	if (bus->state == BUS_FREE)
		hand_over(bus, user, now);
	if (bus->owner == user)
		return true;
	user->in_vain += bus_user_state(user) == BUS_USER_ROUSED;
	bus_user_set_state(user, BUS_USER_QUEUED);
	return false;
}

bool bus_acquire(struct bus *bus, struct bus_user *user, uint64_t now)
{
	bool owner;

	pthread_mutex_lock(&bus->lock);
	owner = acquire(bus, user, now);
	unlock(bus);
	return owner;
}

/*
 * How long it pays to look whether the message on the bus is over, for @user,
 * which waits; 0: not at all. A message that is late may be so for long: its
 * thread may not be running.
 */
static uint64_t look_until(const struct bus *bus, const struct bus_user *user,
			   uint64_t now)
{
	uint64_t until;

	if (!bus->may_look || bus->state != BUS_OWNED ||
	    !bus_user_is_short(bus->owner) ||
	    bus_queue_choose(bus->first, user, now) != user)
		return 0;
	until = counter_get(&bus->owner->begun) +
		2 * counter_get(&bus->owner->account->message) + LOOK_SLACK;
	if (until > now + BUS_SHORT_NS)
		until = now + BUS_SHORT_NS;
	return until > now ? until : 0;
}

/* Waits, awake, until the bus is @user's. Returns false if it takes too long.
 */
static bool look(struct bus *bus, struct bus_user *user, uint64_t until)
{
	bool owner;

	for (unsigned int i = 1; i % LOOK_TURNS || clock_now() < until; i++) {
		if (atomic_load_explicit(&user->state, memory_order_acquire) ==
		    BUS_USER_OWNER)
			return true;
		cpu_relax();
	}
	pthread_mutex_lock(&bus->lock);
	owner = bus->owner == user;
	if (!owner)
		bus_user_set_state(user, BUS_USER_QUEUED);
	unlock(bus);
	return owner;
}

/*
 * Ends the owner's message, if bus_end() could not, and begins its next one, as
 * bus_acquire() would if nobody waits. If somebody does, or there is no such
 * message, returns false.
 */
static bool goes_on(struct bus_user *user, uint64_t now)
{
	if (!user->over || is_wanted(user))
		return false;
	bus_account_ends(user->account, counter_get(&user->begun), user->over);
	bus_account_comes(user->account, now);
	counter_add(&user->unlocked, price(user, time_held(user, now)));
	counter_set(&user->begun, now);
	user->over = user->unpaid = 0;
	counter_set(&user->not_before, 0);
	user->waits_for = NULL;
	user->in_vain = 0;
	user->since = now;
	return true;
}

bool bus_await(struct bus *bus, struct bus_user *user, uint64_t *now)
{
	uint64_t until = 0;
	bool owner;

	if (goes_on(user, *now))
		return true;
	pthread_mutex_lock(&bus->lock);
	owner = acquire(bus, user, *now);
	if (!owner)
		until = look_until(bus, user, *now);
	if (until)
		bus_user_set_state(user, BUS_USER_LOOKS);
	unlock(bus);
	if (!until)
		return owner;
	owner = look(bus, user, until);
	*now = clock_now();
	return owner;
}

void bus_postpone(struct bus *bus, struct bus_user *user, uint64_t until,
		  const void *what, uint64_t now)
{
	pthread_mutex_lock(&bus->lock);
	assert(bus->owner == user && bus->state != BUS_LINGERS);
	/* Paid at the end: to pay now would cost the place in the queue. */
	user->unpaid = clock_later(time_held(user, now), 1);
	counter_set(&user->not_before, until);
	user->waits_for = what;
	set_free(bus, now);
	bus_queue_add(&bus->first, user);
	hand_over(bus, user, now);
	unlock(bus);
}

void bus_recall(struct bus *bus, const void *what)
{
	pthread_mutex_lock(&bus->lock);
	for (struct bus_user *user = bus->first; user; user = user->next)
		if (user->waits_for == what) {
			counter_set(&user->not_before, 0);
			set_wanted(bus->owner, true);
		}
	pthread_mutex_unlock(&bus->lock);
}

void bus_leave(struct bus *bus, struct bus_user *user, uint64_t now)
{
	pthread_mutex_lock(&bus->lock);
	switch (bus_user_state(user)) {
	case BUS_USER_OWNER:
		assert(bus->owner == user);
		end_message(bus, now);
		set_free(bus, now);
		hand_over(bus, user, now);
		break;
	case BUS_USER_QUEUED:
	case BUS_USER_ROUSED:
		bus_queue_remove(&bus->first, user);
		if (user->unpaid)
			charge(bus, user, user->unpaid);
		break;
	case BUS_USER_LOOKS:
	case BUS_USER_AWAY:
		break;
	}
	unlock(bus);
}

/* How long the bus is kept for the next message of its owner. */
static uint64_t linger_ns(const struct bus *bus, uint64_t now)
{
	const struct bus_account *account = bus->owner->account;
	const struct bus_user *next = bus_queue_next(bus->first, now);

	if (!next || next->start <= account->finish)
		return 0;
	return bus_account_linger(account, next->account,
				  next->start - account->finish);
}

uint64_t bus_linger(struct bus *bus, struct bus_user *user, uint64_t now)
{
	uint64_t ns;

	pthread_mutex_lock(&bus->lock);
	assert(bus->owner == user && bus->state != BUS_LINGERS);
	end_message(bus, now);
	ns = linger_ns(bus, now);
	if (ns) {
		user->start = user->account->finish;
		user->arrival = bus->arrivals++;
		user->since = now; /* what it lingers, it pays for */
		bus->state = BUS_LINGERS;
	} else {
		set_free(bus, now);
		hand_over(bus, user, now);
	}
	unlock(bus);
	return ns;
}

bool bus_is_wanted(struct bus *bus, uint64_t now)
{
	bool wanted;

	pthread_mutex_lock(&bus->lock);
	wanted = bus_queue_next(bus->first, now);
	pthread_mutex_unlock(&bus->lock);
	return wanted;
}

bool bus_watch(struct bus *bus, uint64_t now)
{
	bool wanted;

	pthread_mutex_lock(&bus->lock);
	assert(bus->owner && bus->state != BUS_LINGERS);
	wanted = bus_queue_next(bus->first, now);
	bus->state = wanted ? BUS_OWNED : BUS_WATCHED;
	pthread_mutex_unlock(&bus->lock);
	return wanted;
}
