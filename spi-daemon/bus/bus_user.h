/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Those who use a bus: what a user is, and the queue of those who wait. What
 * moves a user from one state to the next is in bus.h.
 */
#ifndef BUS_USER_H
#define BUS_USER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/bus/bus_account.h"

#define BUS_WEIGHT_MIN	   1
#define BUS_WEIGHT_MAX	   100
#define BUS_WEIGHT_DEFAULT 1

/*
 * A message that is expected to take no longer, ns, is short: a wake-up takes
 * as long.
 */
#define BUS_SHORT_NS 50000

/*
 * While who is next wakes up, one that is awake and has a short message may go
 * first, if its start is no more than that, ns of virtual time, behind. Guests
 * that are alike can be as far apart: a thread that loses its processor while
 * it has the bus pays for that.
 */
#define BUS_OVERTAKE_NS 1000000

/* Who has woken up so often for a message, in vain, is not overtaken. */
#define BUS_IN_VAIN_MAX 4

/*
 * What others do to a user, by its state.
 *
 *	state	the bus is handed to it		a short message begins, and it
 *						is next
 *
 *	QUEUED	OWNER; woken			ROUSED; woken
 *	ROUSED	OWNER				-
 *	LOOKS	OWNER, which it sees		-
 */
enum bus_user_state {
	BUS_USER_AWAY,	 /* neither in a queue nor an owner */
	BUS_USER_QUEUED, /* waits for the bus, or was postponed */
	BUS_USER_ROUSED, /* waits, and was woken: it will ask for the bus */
	BUS_USER_LOOKS,	 /* waits, and is awake in bus_await() */
	BUS_USER_OWNER,
};

/*
 * One who uses buses: a guest's worker, one at a time. One thread makes all
 * the calls of a user. Of the fields below, some are written by others, who
 * hold the lock of the bus that the user waits for or owns.
 */
struct bus_user {
	/*
	 * An epoll set, of which waker_wake() tells when the user is to ask for
	 * the bus. Its thread may put there what else it waits for.
	 */
	int wake;
	unsigned int weight; /* to be set while it uses no bus */

	/* Its own thread's, but for what it waits for or owns. */
	struct bus_account *accounts;
	unsigned int account_count;
	uint64_t over; /* its message was, which the bus does not know; or 0 */

	/*
	 * Somebody waits for the bus that it owns. Guarded by the lock of that;
	 * its own thread may read it without: a hint, so relaxed.
	 */
	atomic_bool wanted;

	/* Others who are about to signal ->wake. */
	atomic_uint wakers;

	/*
	 * Guarded by the lock of the bus that it waits for or owns; its own
	 * thread reads it without while it LOOKS: acquire, so that it sees what
	 * the last owner wrote.
	 */
	_Atomic enum bus_user_state state;

	/* Guarded by the bus's lock; its own thread may read them without. */
	struct bus_account *account; /* of the bus it waits for or owns */
	uint64_t start;		     /* its message's, in virtual time */
	uint64_t arrival;	     /* breaks ties */
	struct counter not_before;   /* passed over until then, */
	const void *waits_for;	     /* or until this is recalled; or NULL */
	uint64_t unpaid;      /* ns it owned the bus before it put it off */
	unsigned int in_vain; /* so often it was roused for this message */

	/* Guarded by the bus's lock; its own thread may read it as owner. */
	uint64_t since; /* it owns the bus */
	/* Its own thread's, as owner; others, with the lock, only read them. */
	struct counter begun; /* it uses the bus, for its message */
	/*
	 * What the messages before that one cost, in virtual time, as far as
	 * bus_await() has begun the next without the lock
	 */
	struct counter unlocked;

	struct bus_user *next; /* in the queue; guarded by the bus's lock */
};

/*
 * Gives @user its ->wake, weight 1, and room for the accounts of @buses
 * buses (1 or more), which is how many it may use.
 * Returns 0 or a negative errno.
 */
int bus_user_init(struct bus_user *user, unsigned int buses);

/*
 * The user owns no bus and waits for none. Waits for those who are about to
 * signal ->wake, which takes a moment.
 */
void bus_user_fini(struct bus_user *user);

/*
 * Takes note of a wake-up, so that ->wake is not readable until the next. Who
 * waits for it with epoll_wait(2) need not.
 */
void bus_user_woken(struct bus_user *user);

/*
 * For the holder of the lock that guards @user: keeps ->wake from being closed
 * until bus_user_wake().
 */
void bus_user_hold(struct bus_user *user);

/* Signals ->wake. After that, @user may be no more. */
void bus_user_wake(struct bus_user *user);

static inline enum bus_user_state bus_user_state(const struct bus_user *user)
{
	return atomic_load_explicit(&user->state, memory_order_acquire);
}

/* Release: who looks for its turn sees what was written before. */
static inline void bus_user_set_state(struct bus_user *user,
				      enum bus_user_state state)
{
	atomic_store_explicit(&user->state, state, memory_order_release);
}

/* Returns true if a message of @user is expected to be short. */
bool bus_user_is_short(const struct bus_user *user);

/*
 * Returns true if @user, which is awake, may go before @next, which goes before
 * it in the queue, and is asleep.
 */
bool bus_user_may_overtake(const struct bus_user *user,
			   const struct bus_user *next);

/*
 * The queue: its first user, or NULL; by start and arrival. The caller holds
 * the lock of the bus.
 *
 * bus_queue_add() makes @user QUEUED, bus_queue_remove() AWAY.
 * bus_queue_next() returns who is next of those that can go on at @now, or
 * NULL. bus_queue_choose() returns who is to have the bus: the next; or one
 * that may overtake it, as it LOOKS or is @self.
 */
void bus_queue_add(struct bus_user **first, struct bus_user *user);
void bus_queue_remove(struct bus_user **first, struct bus_user *user);
struct bus_user *bus_queue_next(struct bus_user *first, uint64_t now);
struct bus_user *bus_queue_choose(struct bus_user *first,
				  const struct bus_user *self, uint64_t now);

#endif
