/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Passes the messages of one front end on to a back end, which may die and be
 * replaced: the front end's connection stays. One message is on its way at a
 * time; the next is read when the one before is answered.
 *
 * The stages, and what leads to the next one. From each, a back end that dies
 * leads to DETACHED.
 *
 *	DETACHED	attach()			REPLAYING
 *	REPLAYING	all but the rings is told	LOADING
 *			the rings are told		READY
 *	LOADING		the state is loaded		REPLAYING or GATED
 *	GATED		open_gate()			REPLAYING
 *	READY		a message of the front end	FORWARDED
 *			it needs an inflight region	PREPARING
 *			silence				PINGED
 *			drain()				DRAINING
 *	PREPARING	there is a region		FORWARDED
 *	FORWARDED	the answer is passed on		READY
 *	PINGED		an answer			READY
 *	DRAINING	the state is saved		DRAINED
 *
 * A message that comes in another stage than READY is kept until then.
 *
 * Of a payload only what has to be remembered is looked at (record.h). Kicks,
 * calls and guest memory go from the front end to the back end directly.
 */
#ifndef KEEPER_RELAY_H
#define KEEPER_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/keeper/session/handover.h"
#include "vhost/keeper/session/record.h"
#include "vhost/part/reason.h"
#include "vhost/wire/sock.h"

enum keeper_stage {
	KEEPER_DETACHED,  /* there is no back end */
	KEEPER_REPLAYING, /* the back end is told what was set up */
	KEEPER_READY,	  /* nothing is on its way to the back end */
	KEEPER_PREPARING, /* the back end makes an inflight region */
	KEEPER_FORWARDED, /* the front end's message is on its way */
	KEEPER_PINGED,	  /* the back end is asked whether it lives */
	KEEPER_DRAINING,  /* the back end stops, and saves its state */
	KEEPER_DRAINED,	  /* it has: another may take over */
	KEEPER_LOADING,	  /* the back end is compared, and loads the state */
	KEEPER_GATED,	  /* it could start the rings */
};

/*
 * Protocol features that the keeper needs of a back end: an answer to each
 * message, an inflight region, and the device's state.
 */
#define KEEPER_NEEDED                                   \
	(1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK |      \
	 1ull << VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD | \
	 1ull << VHOST_USER_PROTOCOL_F_DEVICE_STATE)

/*
 * A message that so many back ends have died of is not given to another. Some
 * may have been killed by chance.
 */
#define KEEPER_MAX_DEATHS 10

/* Requests whose last reply is remembered: numbers below this. */
#define KEEPER_KNOWN 46

struct keeper_relay {
	struct vhost_sock front;
	struct vhost_sock back; /* unless KEEPER_DETACHED */
	enum keeper_stage stage;
	uint32_t expected;    /* the request that the back end has to answer */
	uint64_t since;	      /* monotonic ns: of the stage */
	bool answered;	      /* this back end has answered something */
	uint64_t alone_since; /* monotonic ns: no back end is READY */

	uint64_t pending_since; /* monotonic ns: ->front.msg has no answer yet;
				   0: no message */
	unsigned int deaths; /* of back ends that had it, or prepared for it */

	struct keeper_record record;
	unsigned int replay_at;
	struct keeper_handover handover;
	bool drains;	 /* to be drained as soon as it is READY */
	bool gated;	 /* a back end on trial: it does not start the rings */
	bool misfit;	 /* it cannot go on as the one before did */
	uint64_t hidden; /* protocol features that the front end must not see */
	uint64_t known[KEEPER_KNOWN];	 /* replies of one u64, by request, */
	uint64_t is_known;		 /* bit n: if request n was answered */
	struct vhost_wire_config config; /* the last reply to GET_CONFIG */
	uint32_t config_size;		 /* of the payload; 0: none */
	struct vhost_reason reason;	 /* for a log; "": nothing to say */
};

struct keeper_limits {
	uint64_t answer_ns; /* how long messages wait for a back end */
	uint64_t ping_ns;   /* how long a back end may be silent */
	uint64_t hang_ns;   /* how long it may take to answer */
	uint64_t accept_ns; /* the same, before its first answer */
};

/* Owns @front, the connected socket of a front end. Detached. */
void keeper_relay_init(struct keeper_relay *relay, int front, uint64_t hidden,
		       uint64_t now);

/* Closes both connections and all descriptors. */
void keeper_relay_fini(struct keeper_relay *relay);

/*
 * Sets up the next back end, over the connected socket @back, which is owned.
 * @gated: it is on trial, and not to start the rings yet.
 */
void keeper_relay_attach(struct keeper_relay *relay, int back, bool gated,
			 uint64_t now);

/* The back end has died. Does nothing if there is none. */
void keeper_relay_detach(struct keeper_relay *relay, uint64_t now);

/*
 * The back end is about to be replaced by another: stops the rings, and saves
 * the device's state, as soon as the relay is READY.
 */
void keeper_relay_drain(struct keeper_relay *relay, uint64_t now);

/* The back end, which is GATED, starts the rings. */
void keeper_relay_open_gate(struct keeper_relay *relay, uint64_t now);

/* Returns true if the back end has something to answer. */
bool keeper_relay_waits(const struct keeper_relay *relay);

/* Returns true if a message of the front end can be read. */
bool keeper_relay_wants_front(const struct keeper_relay *relay);

/*
 * To be called when the front end's or the back end's socket is readable. Both
 * return 0, or a negative errno when the front end is gone or has to be given
 * up: -ECONNRESET, -EPROTO, -EAGAIN. A back end that is gone is detached.
 */
int keeper_relay_read_front(struct keeper_relay *relay, uint64_t now);
int keeper_relay_read_back(struct keeper_relay *relay, uint64_t now);

/* Returns when keeper_relay_tick() has something to do, monotonic ns. */
uint64_t keeper_relay_deadline(const struct keeper_relay *relay,
			       const struct keeper_limits *limits);

/*
 * Answers a message that has waited too long; a back end that is being told the
 * session meanwhile is detached, and to be told it anew. Asks a silent back end
 * for a sign of life. Returns 0; -ETIMEDOUT if the back end hangs; or what
 * keeper_relay_read_front() returns.
 */
int keeper_relay_tick(struct keeper_relay *relay,
		      const struct keeper_limits *limits, uint64_t now);

#endif
