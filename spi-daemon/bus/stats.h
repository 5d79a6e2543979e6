/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What guests, devices and buses have done so far, in numbers.
 *
 * Every number has one writer at a time: a guest's worker, or for devices and
 * buses the owner of the bus. Others may read it at any time, without a lock,
 * and get a value that it had; two numbers together need not fit exactly.
 * docs/stats.md tells what each means to an operator.
 */
#ifndef STATS_H
#define STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct counter {
	_Atomic uint64_t value;
};

static inline uint64_t counter_get(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

static inline void counter_set(struct counter *counter, uint64_t value)
{
	atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

/*
 * Its writer's only: a load and a store are much cheaper than an atomic
 * addition. Nothing else is ordered by it, so relaxed.
 */
static inline void counter_add(struct counter *counter, uint64_t n)
{
	counter_set(counter, counter_get(counter) + n);
}

/* Makes it @value, unless it was more. Its writer's only. */
static inline void counter_raise(struct counter *counter, uint64_t value)
{
	if (counter_get(counter) < value)
		counter_set(counter, value);
}

enum guest_state {
	GUEST_ALONE,	 /* no front end is connected */
	GUEST_CONNECTED, /* but its ring does not run */
	GUEST_RUNS,
	GUEST_BROKEN, /* its ring broke, and was not started again yet */
	GUEST_STATES,
};

/* Why a request was answered with an error. */
enum request_error {
	REQUEST_REFUSED,  /* PARAM_ERR: not what spec and options allow */
	REQUEST_DEVICE,	  /* from here on TRANS_ERR: the chip's driver failed */
	REQUEST_MEMORY,	  /* guest memory was not there */
	REQUEST_LOST,	  /* the rest of a message that was cut, or failed */
	REQUEST_TOO_LONG, /* its message was cut by max-message */
	REQUEST_STOPPED,  /* cut short, as the ring stopped */
	REQUEST_UNKNOWN,  /* it may have been run before a crash */
	REQUEST_ERRORS,
};

/* Why a chip was released between two requests of a message. */
enum message_cut {
	CUT_HOLD,	 /* the guest took longer than cs-hold */
	CUT_MAX_MESSAGE, /* the message took longer than max-message */
	CUT_CAUSES,
};

/* Buckets for the time that guests wait for a bus; the last has no limit. */
#define STATS_BUCKETS 11

/* The longest wait, ns, that belongs into each bucket but the last. */
extern const uint64_t stats_bucket_ns[STATS_BUCKETS - 1];

/*
 * A guest's turns at its buses. A turn is for a message: it begins with the
 * wait for the bus, and ends when the chip is released. Times are ns.
 */
struct turn_stats {
	struct counter waited[STATS_BUCKETS]; /* turns; those of 0 ns, too */
	struct counter wait_ns;
	struct counter wait_longest_ns;
	struct counter turns; /* that ended */
	struct counter hold_ns;
	struct counter hold_longest_ns;
	struct counter chip;	    /* index: whom the present turn is for */
	struct counter waits_since; /* monotonic; 0: does not wait */
	struct counter holds_since; /* monotonic; 0: has no bus */
	uint64_t paused_ns;	    /* the writer's: waited before a pause */
};

struct guest_stats {
	struct counter state; /* enum guest_state */
	struct counter connections;
	struct counter turned_away;	 /* a second front end */
	struct counter disconnected;	 /* by us: nonsense came */
	struct counter refused_messages; /* of vhost-user */
	struct counter broken_rings;
	struct counter done; /* requests answered with OK */
	struct counter errors[REQUEST_ERRORS];
	struct counter sent; /* bytes */
	struct counter received;
	struct counter cuts[CUT_CAUSES];
	struct counter operation_waits; /* for another guest's, on its chip */
	struct counter polls;		/* looks for the next request: --poll */
	struct counter polls_found;	/* of them: those that found one */
	struct turn_stats turn;
};

struct device_stats {
	struct counter requests; /* done on it, or not to the end */
	struct counter errors;	 /* of them: its driver's */
	struct counter sent;	 /* bytes */
	struct counter received;
	struct counter hold_ns; /* that messages for it had the bus */
};

struct bus_stats {
	struct counter owner_changes;
	const void *owner; /* the last; the owner's business */
};

/* All requests that were answered, those with an error included. */
uint64_t stats_requests(const struct guest_stats *guest);
uint64_t stats_errors(const struct guest_stats *guest);

/* The turns that got their bus. */
uint64_t stats_turns(const struct turn_stats *turn);

/*
 * A turn, in the order of calls; @now is monotonic, ns.
 *
 * stats_turn_waits() for chip @chip; may be called again while it waits.
 * stats_turn_pauses(): what follows until @until is no wait for the bus.
 * stats_turn_holds(): the guest has the bus, which had @bus's last owner.
 * stats_turn_ends(): it has it no more. It was for @device, and @share is
 * what this guest had of that. Does nothing if there is no turn.
 * stats_turn_is_given_up(): likewise, if it waits and will not get the bus.
 */
void stats_turn_waits(struct turn_stats *turn, unsigned int chip, uint64_t now);
void stats_turn_pauses(struct turn_stats *turn, uint64_t now, uint64_t until);
void stats_turn_holds(struct turn_stats *turn, struct bus_stats *bus,
		      uint64_t now);
void stats_turn_ends(struct turn_stats *turn, struct device_stats *device,
		     struct counter *share, uint64_t now);
void stats_turn_is_given_up(struct turn_stats *turn);

/* @tx and @rx bytes went over the bus. */
void stats_moved(struct guest_stats *guest, struct device_stats *device,
		 uint64_t tx, uint64_t rx);

#endif
