/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A SPI bus: one owner at a time. A guest owns it for a message, that is from
 * before its chip is selected until after it is released.
 *
 * No call waits. A user that has to wait for the bus sleeps until its wake
 * eventfd or its front end is ready. An owner that leaves hands the bus to the
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
 * What each event does, by the bus's state. "-" cannot happen: an assert.
 * "next": OWNED by the first in the queue that can go on at once, or FREE.
 *
 *	event			FREE	OWNED, WATCHED		LINGERS
 *
 *	bus_acquire() of
 *	 the owner		-	OWNED			OWNED
 *	 another		queue;	queue; WATCHED: the	queue; next, if
 *it next	owner is woken, OWNED	goes first
 *	bus_postpone()		-	queue; next		-
 *	bus_linger()		-	LINGERS, or next	-
 *	bus_leave() of
 *	 the owner		-	next			next
 *	 another		(the queue only)
 *	bus_watch()		-	WATCHED, or OWNED: -
 *					somebody waits
 *
 * Who is passed over, as it was postponed, ends no linger and wakes no owner.
 */
#ifndef BUS_H
#define BUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define BUS_WEIGHT_MIN	   1
#define BUS_WEIGHT_MAX	   100
#define BUS_WEIGHT_DEFAULT 1

/*
 * How long a bus is kept idle, in ns, for a guest whose turn it is: the time of
 * an interrupt, a driver and a kick.
 */
#define BUS_LINGER_NS 200000

struct bus;

/* What a user has had of one bus. */
struct bus_account {
	const struct bus *bus; /* NULL: none yet */
	uint64_t finish;       /* its last message's, in virtual time */
};

enum bus_user_state {
	BUS_USER_AWAY,	 /* neither in a queue nor an owner */
	BUS_USER_QUEUED, /* waits for the bus, or was postponed */
	BUS_USER_OWNER,
};

/*
 * One who uses buses: a guest's worker, one at a time. One thread makes all
 * the calls of a user. Of the fields below, some are written by others, who
 * hold the lock of the bus that the user waits for or owns.
 */
struct bus_user {
	int wake;	     /* eventfd, signalled when a bus was handed over */
	unsigned int weight; /* to be set while it uses no bus */

	/* Its own thread's, but for what it waits for or owns. */
	struct bus_account *accounts;
	unsigned int account_count;

	/* Guarded by the lock of the bus that it waits for or owns. */
	enum bus_user_state state;

	/* Guarded by the bus's lock; its own thread may read them without. */
	struct bus_account *account; /* of the bus it waits for or owns */
	uint64_t start;		     /* its message's, in virtual time */
	uint64_t arrival;	     /* breaks ties */
	uint64_t not_before;	     /* passed over until then, */
	const void *waits_for;	     /* or until this is recalled; or NULL */
	uint64_t unpaid; /* ns it owned the bus before it put it off */

	/* Guarded by the bus's lock; its own thread may read it as owner. */
	uint64_t since; /* it owns the bus */

	struct bus_user *next; /* in the queue; guarded by the bus's lock */
};

enum bus_state {
	BUS_FREE,    /* has no owner */
	BUS_OWNED,   /* by a user with a message */
	BUS_WATCHED, /* the same, and the owner is woken when somebody comes */
	BUS_LINGERS, /* with a user whose next message has not come yet */
};

/*
 * Lock order: ->lock is the innermost of all. No other lock is taken inside
 * it, nor that of a second bus. Writing an eventfd, which cannot block, is the
 * only system call inside it.
 */
struct bus {
	pthread_mutex_t lock; /* guards all below */
	enum bus_state state;
	struct bus_user *owner; /* NULL: FREE */
	struct bus_user *first; /* who waits, by start and arrival */
	uint64_t time;		/* virtual: the owner's start */
	uint64_t latest;	/* virtual: the latest finish there was */
	uint64_t arrivals;	/* how many there were */
};

void bus_init(struct bus *bus, uint64_t now);
void bus_fini(struct bus *bus);

/*
 * Gives @user its eventfd, weight 1, and room for the accounts of @buses
 * buses (1 or more), which is how many it may use.
 * Returns 0 or a negative errno.
 */
int bus_user_init(struct bus_user *user, unsigned int buses);

/* The user owns no bus and waits for none. */
void bus_user_fini(struct bus_user *user);

/*
 * Takes note of a wake-up, so that ->wake is not readable until the next. Who
 * waits for it as WAIT_EDGE need not.
 */
void bus_user_woken(struct bus_user *user);

/*
 * Makes @user the owner, or, when it is not its turn, puts @user in the queue
 * unless it is there already. Returns whether @user is the owner. A user
 * uses one bus at a time: it leaves that before it acquires another.
 */
bool bus_acquire(struct bus *bus, struct bus_user *user, uint64_t now);

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
 * Ends the owner's message. Who waits may have had so much more of the bus
 * that @user's next message goes first, if there is one; then the bus stays
 * with @user, until it calls bus_acquire() for that, or bus_leave(), or until
 * somebody comes who goes first. Returns by how much @user is behind, in
 * virtual ns; 0: the bus is not @user's any more.
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
