/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Keeps front ends connected while the back end that serves them is replaced.
 * The keeper is a back end to front ends and a front end to the back end, on
 * the control plane alone; it works for any vhost-user back end that uses
 * link.h. It has one thread, and does not block.
 *
 *	front end --socket--> relay --socket--> back end, another process
 *	    |                                       |
 *	    `----- kick, call, guest memory --------'
 *
 * Who uses it starts the back end, with one end of a link:
 *
 *	keeper_attach()		a back end was started
 *	keeper_fill(), poll(2), keeper_work()	again and again
 *	keeper_detach()		the back end has ended
 */
#ifndef VHOST_KEEPER_H
#define VHOST_KEEPER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "vhost/keeper/link.h"
#include "vhost/keeper/memory.h"
#include "vhost/keeper/session/relay.h"
#include "vhost/part/budget.h"

struct keeper_ops {
	/* Something that the operator should know, in one line. */
	void (*log)(void *opaque, const char *text);
	/* The back end serves all guests. @status is one line. */
	void (*ready)(void *opaque, const char *status);
	/*
	 * It reads its configuration again; ready() or refuses() follows.
	 * Returns a descriptor for it to read, which the keeper closes; -1.
	 */
	int (*reloading)(void *opaque);
	/* It serves all guests, as before it tried to reload. */
	void (*refuses)(void *opaque, const char *status);
	/* It has logged its statistics. */
	void (*told)(void *opaque);
	/*
	 * Returns a socket that was given to this process and is called @name,
	 * which the keeper owns; or a negative errno. With @check, returns 0 in
	 * place of the descriptor. Can be NULL: there are none.
	 */
	int (*inherited)(void *opaque, const char *name, bool check);
	/* The back end does not answer: it is to be killed. */
	void (*hung)(void *opaque);
};

/* A socket that front ends connect to. */
struct keeper_guest {
	char name[64];
	struct vhost_listener listener;
	int channel;  /* to the back end; -1: it does not serve this guest */
	bool listens; /* this back end does, or has until it died */
	uint64_t hidden;
	bool connected;
	struct ucred peer;	    /* while ->connected */
	bool gone;		    /* to be freed when nobody looks at it */
	uint64_t accept_at;	    /* monotonic ns: no descriptor was left */
	struct vhost_budget budget; /* of crashes in its thread */
	uint64_t held_until;	    /* monotonic ns: by its budget */
	struct keeper_relay relay;  /* while ->connected */
};

/*
 * What is going on with the back end. A keeper itself rests before it is
 * replaced.
 */
enum keeper_mode {
	KEEPER_WORKS,
	KEEPER_DRAINS, /* the back end is to end, and another takes over */
	KEEPER_TRIES,  /* the back end is on trial */
	KEEPER_RESTS,  /* nothing of a front end is taken */
};

struct keeper {
	const struct keeper_ops *ops;
	void *opaque;
	struct keeper_limits limits;
	int link; /* -1: no back end */
	bool ready;
	bool faulted; /* the last back end died of a fault of no guest */
	enum keeper_mode mode;
	struct keeper_guest **guests;
	unsigned int guest_count;
	struct pollfd *fds;		 /* KEEPER_POLL_... */
	struct keeper_memories memories; /* of the back ends */
	struct keeper_history history;
	bool changed; /* something that an image has; for its user to clear */
};

/* Of ->fds */
enum {
	KEEPER_POLL_USER, /* for whoever calls poll(2) to use */
	KEEPER_POLL_LINK,
	KEEPER_POLL_GUESTS, /* KEEPER_POLL_EACH for each of them */
	KEEPER_POLL_EACH = 4,
};

/* No back end, no guests. Returns 0 or -ENOMEM. */
int keeper_init(struct keeper *keeper, const struct keeper_ops *ops,
		void *opaque);

/*
 * A back end that does not answer for @ns nanoseconds hangs. 0: none ever does.
 * The default are 10 seconds.
 */
void keeper_set_timeout(struct keeper *keeper, uint64_t ns);

/* Disconnects all front ends, and removes the sockets. */
void keeper_fini(struct keeper *keeper);

/* The sockets' files are to stay when the keeper ends. */
void keeper_leave(struct keeper *keeper);

/*
 * A back end has the other end of @link, which the keeper owns and which does
 * not block.
 */
void keeper_attach(struct keeper *keeper, int link, bool gated);

/*
 * Returns true if the back end serves guests, none of which has a front end or
 * can have one again.
 */
bool keeper_is_over(const struct keeper *keeper);

/* The back end has ended; front ends wait for the next one. */
void keeper_detach(struct keeper *keeper, uint64_t now);

/*
 * Replaces a back end that lives: keeper_drain() has it stop all rings, and
 * front ends wait. When keeper_is_drained(), it can be ended, and another one
 * be started; keeper_detach() and keeper_attach() follow. A back end on trial
 * (@gated) is told everything, but starts no ring until keeper_open_gate().
 */
void keeper_drain(struct keeper *keeper, uint64_t now);
bool keeper_is_drained(const struct keeper *keeper);

enum keeper_trial {
	KEEPER_TRIAL_RUNS,
	KEEPER_TRIAL_PASSED, /* all guests can go on */
	KEEPER_TRIAL_FAILED, /* one cannot: the log says why */
};

enum keeper_trial keeper_look_at_trial(const struct keeper *keeper);
void keeper_open_gate(struct keeper *keeper, uint64_t now);

/*
 * Takes nothing more of front ends, or goes on. A back end that ends while the
 * keeper rests does not give its guests up. A keeper that keeper_is_at_rest
 * has told its back end nothing that waits for an answer: it can be replaced.
 */
void keeper_rest(struct keeper *keeper, bool rest);
bool keeper_is_at_rest(const struct keeper *keeper);

/*
 * Fills in ->fds. Returns how many there are; and in @deadline when
 * keeper_work() is to be called at the latest, monotonic ns.
 */
unsigned int keeper_fill(struct keeper *keeper, uint64_t *deadline);

/* Does what can be done after poll(2). */
void keeper_work(struct keeper *keeper, uint64_t now);

#endif
