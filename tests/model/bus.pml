/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How a bus goes from guest to guest: a model of spi-daemon/bus/bus.c, with the
 * workers that use it as they do in spi-daemon/transfer/spi_message.c. The names are
 * those of the code; docs/bus.md sets them side by side.
 *
 * What is done under the bus's lock is one step here. Time is left out: what
 * a clock decides, may happen or not. A message costs 1 or 2 of virtual time,
 * and virtual times count from that of the bus, so that they are bounded.
 *
 * tests/model/check.sh runs it. With one of BROKEN_... defined it has a fault
 * that must be found.
 */
#ifndef USERS
#define USERS 3
#endif
#define NONE  USERS
#define COSTLIEST 2
#define OVERTAKE  1	/* by so much later may start who overtakes */

/*
 * One user is looked at for how often each other goes ahead of it. It starts
 * at most 3 behind the bus: a costliest message, and time it lingered. All
 * others pay 1 at least for each turn. What it was ahead of others when it
 * overtook them comes on top of that, and what others are when they overtake
 * it.
 */
#define WATCHED_USER 0
#ifndef MOST_AHEAD
#define MOST_AHEAD (4 + 2 * OVERTAKE)
#endif

/* struct bus */
byte owner = NONE;
byte latest;
bool given, watched, lingers;

/* struct bus_user */
bool wake[USERS];	/* its eventfd is readable */
bool queued[USERS];	/* QUEUED, ROUSED or LOOKS */
#ifdef BROKEN_ROUSE
bool roused[USERS];
#endif
bool not_before[USERS];	/* true: that time is yet to come */
byte start[USERS];
byte finish[USERS];	/* of its account */
bool unpaid[USERS];
byte arrival[USERS];	/* rank among those that are here */

/* The worker: does it sleep with a timer set for ->not_before? */
bool timer[USERS];

/*
 * Used inside a step, and meaningless between two. When spin goes back to try
 * the next choice, it does not restore them: they are set anew behind a choice,
 * and where they are an index, an assignment needs a d_step.
 */
hidden byte k, n, next, awake, cost;

/* What is to be shown. */
byte selected;		/* chips on the bus */
byte ahead[USERS];	/* went before WATCHED_USER since that came */
bool sleeps[USERS];	/* in poll(), for the bus */

#define is_here(u) (queued[u] || owner == u)
#define waits(u)   (queued[u] && !not_before[u])

/* In bus_await(), awake. */
#define looks(u)   (queued[u] && !sleeps[u])

/* Was woken, and has not asked for the bus since. */
#ifdef BROKEN_ROUSE
#define is_roused(u) roused[u]
#else
#define is_roused(u) wake[u]
#endif

inline forget_ahead()
{
	d_step {
		for (k : 0 .. USERS - 1) {
			ahead[k] = 0
		}
	}
}

/* @u has had its turn, or its message is on the wire. */
inline count_ahead(u)
{
	if
	:: u == WATCHED_USER -> forget_ahead()
	:: u != WATCHED_USER && waits(WATCHED_USER) ->
		ahead[u]++;
		assert(ahead[u] <= MOST_AHEAD)
	:: else
	fi
}

inline come(u)
{
	d_step {
		n = 0;
		for (k : 0 .. USERS - 1) {
			if
			:: k != u && is_here(k) -> n++
			:: else
			fi
		}
		arrival[u] = n
	}
}

inline go(u)
{
	d_step {
		for (k : 0 .. USERS - 1) {
			if
			:: k != u && is_here(k) && arrival[k] > arrival[u] ->
				arrival[k]--
			:: else
			fi
		}
		arrival[u] = 0
	}
}

/* The virtual time of the bus goes on by @by: the others' are counted anew. */
inline advance(by)
{
	d_step {
		n = by;
		for (k : 0 .. USERS - 1) {
			finish[k] = (finish[k] > n -> finish[k] - n : 0);
			start[k] = (is_here(k) && start[k] > n -> start[k] - n : 0)
		}
		latest = (latest > n -> latest - n : 0)
	}
}

inline charge(u, cost)
{
	unpaid[u] = false;
	finish[u] = start[u] + cost;
	latest = (finish[u] > latest -> finish[u] : latest)
}

#define is_before(a, b) (start[a] < start[b] || \
	(start[a] == start[b] && arrival[a] < arrival[b]))

inline find_next()
{
	d_step {
		next = NONE;
		for (k : 0 .. USERS - 1) {
			if
			:: !waits(k)
			:: waits(k) && next == NONE -> next = k
#ifdef BROKEN_ORDER
			:: waits(k) && next != NONE && arrival[k] > arrival[next] ->
#else
			:: waits(k) && next != NONE && is_before(k, next) ->
#endif
				next = k
			:: else
			fi
		}
	}
}

#ifdef BROKEN_OVERTAKE
#define may_overtake(u, v) true
#else
#define may_overtake(u, v) (!unpaid[u] && start[u] <= start[v] + OVERTAKE)
#endif

/* find_next(), or who is awake, and has a short message, as it may. */
inline choose(self)
{
	find_next();
	d_step {
		awake = NONE;
		for (k : 0 .. USERS - 1) {
			if
			:: waits(k) && (k == self || looks(k)) &&
			   (awake == NONE || is_before(k, awake)) -> awake = k
			:: else
			fi
		}
	}
	if
	:: awake != NONE && !looks(next) && may_overtake(awake, next) ->
		next = awake
	:: true -> find_next()
	fi
}

/* The owner uses the bus from now on. */
inline begin()
{
	given = false;
	watched = false;
	lingers = false;
	find_next();
	/* Whom it overtook is still ahead of all that come. */
	if
	:: next != NONE && start[next] < start[owner] -> advance(start[next])
	:: else -> advance(start[owner])
	fi;
	/* If its message is short. */
	if
	:: d_step {
		next != NONE && !looks(next) ->
#ifdef BROKEN_ROUSE
		roused[next] = true;
#endif
		wake[next] = true
	   }
	:: true
	fi
}

inline hand_over(self)
{
	choose(self);
	owner = next;
	given = false;
	watched = false;
	lingers = false;
	if
	:: owner == NONE -> advance(latest)
	:: else ->
		if
		:: owner == self || looks(owner) ->
			queued[owner] = false;
			begin()
		:: else ->
			queued[owner] = false;
			given = true;
			advance(start[owner]);
#ifndef BROKEN_WAKE
			wake[owner] = wake[owner] || !is_roused(owner)
#endif
		fi
	fi
}

/* @u comes while the bus is another's. */
inline disturb(u)
{
	if
	:: lingers && start[u] <= start[owner] ->
		charge(owner, 1);
		n = owner;
		owner = NONE;
		go(n)
	/* If its message is short. */
	:: given && may_overtake(u, owner) ->
		given = false;
		queued[owner] = true;
		owner = NONE
	:: watched ->
#ifndef BROKEN_WATCH
		watched = false;
		wake[owner] = true
#endif
	:: !watched && !(lingers && start[u] <= start[owner])
	fi
}

inline bus_acquire(u)
{
	if
	:: owner == u && (lingers || given) ->
#ifndef BROKEN_LINGER
		begin()
#endif
	:: owner == u && !lingers && !given -> watched = false
	:: owner != u && !queued[u] ->
		come(u);
		start[u] = finish[u];
		queued[u] = true;
		not_before[u] = false;
		if
		:: u == WATCHED_USER -> forget_ahead()
		:: else
		fi
	:: else
	fi;
	if
	:: owner != NONE && owner != u && !not_before[u] -> disturb(u)
	:: else
	fi;
	if
	:: owner == NONE -> hand_over(u)
	:: else
	fi
}

inline choose_cost()
{
	if
	:: cost = 1
	:: cost = COSTLIEST
	fi
}

inline bus_leave(u)
{
	if
	:: owner == u ->
		choose_cost();
		charge(u, cost);
		go(u);
#ifdef BROKEN_LEAVE
		owner = NONE
#else
		hand_over(u)
#endif
	:: queued[u] ->
		queued[u] = false;
		not_before[u] = false;
#ifndef BROKEN_UNPAID
		if
		:: unpaid[u] -> charge(u, 1)
		:: else
		fi;
#endif
		unpaid[u] = false;
		go(u)
	:: else
	fi;
	timer[u] = false;
	start[u] = 0;
	cost = 0
}

inline bus_linger(u)
{
	choose_cost();
	charge(u, cost);
	go(u);
	find_next();
	if
	/* If it pays. */
	:: next != NONE && start[next] > finish[u] ->
		start[u] = finish[u];
		come(u);
		lingers = true
	:: true -> hand_over(u)
	fi;
	cost = 0
}

inline bus_postpone(u)
{
	not_before[u] = true;
	unpaid[u] = true;
	timer[u] = true;
	queued[u] = true;
	if
	:: u == WATCHED_USER -> forget_ahead()
	:: else
	fi;
	hand_over(u)
}

inline bus_watch()
{
	find_next();
	wanted = next != NONE;
	watched = !wanted
}

/*
 * After each step: whoever has the bus knows, or is told; and it is not left
 * to nobody while somebody sleeps for it.
 */
inline check()
{
	for (k : 0 .. USERS - 1) {
		assert(!(owner == k && sleeps[k] && !wake[k]));
		assert(!(owner == NONE && waits(k) && sleeps[k] &&
			 !wake[k] && !timer[k]))
	}
}

/* poll(): the eventfd, or the timer. Goes on with bus_await(). */
inline sleep(u)
{
	if
	:: atomic { wake[u] -> wake[u] = false; goto again }
	:: atomic { timer[u] && !not_before[u] -> goto again }
	fi
}

proctype worker(byte u)
{
	bool wanted, was_late;

end_idle:
	if
	/* The guest sends a request, or it never does again. */
	:: true
	:: false
	fi;
ask:
	atomic {
		was_late = false;
again:
		bus_acquire(u);
		timer[u] = owner != u && not_before[u];
		sleeps[u] = owner != u &&
			    (not_before[u] || given || watched || lingers);
		check();
		if
		:: owner == u -> goto granted
		:: owner != u && sleeps[u] -> goto asleep
		:: else
		fi
	}
	/* bus_await(), for as long as it pays. */
	if
	:: atomic { owner == u -> goto granted }
	:: atomic {
		owner != u ->
#ifndef BROKEN_LOOK
		sleeps[u] = true;
		check()
#endif
	   }
	fi;
asleep:
	if
	/* For as long as it takes. */
	:: true -> sleep(u)
	/* Until the front end stops the ring, or goes. */
	:: atomic {
		true ->
		sleeps[u] = false;
		if
		:: owner == u || unpaid[u] -> count_ahead(u)
		:: else
		fi;
		bus_leave(u);
		check()
	   }
		goto end_idle
	fi;
granted:
	if
	/* The chip has to be quiet for some time, which is not over. */
	:: atomic {
		!was_late ->
		was_late = true;
		bus_postpone(u);
		sleeps[u] = true;
		check();
		goto asleep
	   }
	/* The ring stops before the message has begun. */
	:: atomic { true -> count_ahead(u); bus_leave(u); check() }
		goto end_idle
	:: atomic {
		true ->
		count_ahead(u);
		selected++;
		assert(selected == 1)
	   }
	fi;
	/* The message ends; or the chip is held, it may be for ever. */
	do
	:: break
	:: atomic {
		bus_watch();
		if
		:: wanted -> wanted = false; break
		:: else
		fi
	   }
end_hold:
	   atomic { wake[u] -> wake[u] = false }
	od;
	atomic { selected--; assert(owner == u) }
	if
	/* It failed, or was cut, or the front end goes. */
	:: atomic { true -> bus_leave(u); check() }
		goto end_idle
	:: atomic { true -> bus_linger(u); check() }
	fi;
	/* If the bus is kept, then for a while, for the next request. */
	if
	:: goto ask
	:: atomic { true -> bus_leave(u); check() }
		goto end_idle
	fi
}

/* Time goes by: what was to be waited for is over. */
proctype clock()
{
end_clock:
	do
	:: atomic { not_before[0] -> not_before[0] = false }
	:: atomic { not_before[1] -> not_before[1] = false }
#if USERS > 2
	:: atomic { not_before[2] -> not_before[2] = false }
#endif
#if USERS > 3
	:: atomic { not_before[3] -> not_before[3] = false }
#endif
	od
}

init
{
	byte u;
	atomic {
		for (u : 0 .. USERS - 1) {
			run worker(u)
		}
		run clock()
	}
}

/* Who waits gets the bus, or gives up. */
ltl served { [] (waits(WATCHED_USER) -> <> !queued[WATCHED_USER]) }
