/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A SPI bus: one owner at a time. A guest owns it for a message, that is from
 * before its chip is selected until after it is released.
 *
 * No call waits. A user that has to wait for the bus sleeps until it is woken
 * or its front end is ready. An owner that leaves hands the bus to the
 * next user at once.
 *
 * The order is start-time fair queueing (Goyal, Vin, Cheng 1996) over the time
 * that users have had the bus. A message starts at a virtual time: that of the
 * bus, or the finish of its user's last message if that is later. It finishes
 * after the time it took, divided by the user's weight. The message that starts
 * first is next; of two that start at the same time, the one that came first.
 * So users with equal weights get equal time, however long their messages are;
 * a user that seldom needs the bus is next when it comes; and time without the
 * bus is not saved up. docs/bus.md says what that promises to guests.
 *
 * All times are monotonic, ns. Virtual time never runs faster than that.
 *
 * A wake-up takes longer than many messages. So who is next is roused when a
 * message begins that is expected to be short, and looks at the bus until it is
 * its own: see bus_await().
 *
 * What each event does, by the bus's state. "-" cannot happen: an assert.
 * "next": GIVEN to the first in the queue that can go on at once, OWNED by it
 * if it looks, or FREE. Who then has the bus takes what it expects of its
 * message as the reason to rouse the next one.
 *
 *	event			FREE	GIVEN	OWNED, WATCHED	LINGERS
 *
 *	bus_acquire(),
 *	bus_await() of
 *	 the owner		-	OWNED	OWNED		OWNED
 *	 another		queue;	queue	queue; WATCHED:	queue; next, if
 *				next		the owner is	it goes first
 *						woken, OWNED
 *	bus_postpone()		-	-	queue; next	-
 *	bus_linger()		-	-	LINGERS, or	-
 *						next
 *	bus_leave() of
 *	 the owner		-	next	next		next
 *	 another		(the queue only)
 *	bus_watch()		-	-	WATCHED, or	-
 *						OWNED: somebody
 *						waits
 *
 * An owner that has called bus_end() comes for a new message with
 * bus_acquire() or bus_await(): that is bus_leave() and then what it was. While
 * nobody waits, bus_await() does that without the lock.
 *
 * Who is passed over, as it was postponed, ends no linger and wakes no owner.
 */
#ifndef BUS_H
#define BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/bus/bus_user.h"
#include "spi-daemon/bus/stats.h"

enum bus_state {
	BUS_FREE,    /* has no owner */
	BUS_GIVEN,   /* to a user that has not come for it yet */
	BUS_OWNED,   /* by a user with a message */
	BUS_WATCHED, /* the same, and the owner is woken when somebody comes */
	BUS_LINGERS, /* with a user whose next message has not come yet */
};

/*
 * Lock order: ->lock is the innermost of all. No other lock is taken inside
 * it, nor that of a second bus, and no system call is made.
 */
struct bus {
	bool may_look;	      /* constant: see bus_init() */
	pthread_mutex_t lock; /* guards all below */
	enum bus_state state;
	struct bus_user *owner;	  /* NULL: FREE */
	struct bus_user *first;	  /* who waits, by start and arrival */
	uint64_t time;		  /* virtual: the owner's start */
	uint64_t latest;	  /* virtual: the latest finish there was */
	uint64_t arrivals;	  /* how many there were */
	struct bus_user *to_wake; /* when ->lock is released; or NULL */
	struct counter idle_ns;	  /* it was not used, though somebody waited */
};

/*
 * With @may_look, who is next may stay awake until a short message is over:
 * see bus_await(). Where there is one processor, that would keep the owner from
 * going on.
 */
void bus_init(struct bus *bus, bool may_look, uint64_t now);
void bus_fini(struct bus *bus);

/*
 * Makes @user the owner, or, when it is not its turn, puts @user in the queue
 * unless it is there already. Returns whether @user is the owner. A user
 * uses one bus at a time: it leaves that before it acquires another.
 */
bool bus_acquire(struct bus *bus, struct bus_user *user, uint64_t now);

/*
 * The same. But if @user is next, or may overtake who is, and the message on
 * the bus is short, stays awake and waits for its end, for up to BUS_SHORT_NS;
 * then moves *@now on.
 */
bool bus_await(struct bus *bus, struct bus_user *user, uint64_t *now);

/*
 * The owner cannot use the bus before @until, which is later than @now, or
 * before bus_recall() for @what, if that is not NULL. It is in the queue again,
 * in its old place, and passed over until then. Nobody wakes it at @until: it
 * has to call bus_acquire().
 */
void bus_postpone(struct bus *bus, struct bus_user *user, uint64_t until,
		  const void *what, uint64_t now);

/*
 * For the owner: nothing is in the way any more of those users who were
 * postponed for @what.
 */
void bus_recall(struct bus *bus, const void *what);

/* Ends @user's ownership, or its place in the queue. */
void bus_leave(struct bus *bus, struct bus_user *user, uint64_t now);

/*
 * The owner's message is over, at @now. Returns true if nobody waits for the
 * bus: then @user, if it has another message, may go on without a lock to
 * bus_acquire(), bus_await() or bus_leave(). It has the bus, and pays for it,
 * until then, so that should be soon. Else it calls bus_linger() now.
 */
static inline bool bus_end(struct bus_user *user, uint64_t now)
{
	user->over = now;
	return !atomic_load_explicit(&user->wanted, memory_order_relaxed);
}

/*
 * Ends the owner's message. Who waits may have had so much more of the bus that
 * @user's next message goes first. If that is expected so soon that it pays to
 * wait for it (bus_account_linger()), the bus stays with @user, until it calls
 * bus_acquire() for that message, or bus_leave(), or until somebody comes who
 * goes first. Returns how long @user may keep the bus, ns; 0: it is not @user's
 * any more.
 */
uint64_t bus_linger(struct bus *bus, struct bus_user *user, uint64_t now);

/* For the owner: returns true if a user waits that was not postponed. */
bool bus_is_wanted(struct bus *bus, uint64_t now);

/*
 * The same. If it returns false, the owner's ->wake is signalled once when a
 * user comes. For an owner that is about to wait with its chip selected.
 */
bool bus_watch(struct bus *bus, uint64_t now);

#endif
