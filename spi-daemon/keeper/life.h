/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The life of the process that serves: started, killed if it hangs, started
 * again when it has died.
 */
#ifndef KEEPER_LIFE_H
#define KEEPER_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/keeper/child.h"
#include "spi-daemon/startup/launch.h"
#include "spi-daemon/system/log.h"
#include "vhost/keeper/image/nest.h"
#include "vhost/keeper/keeper.h"

/*
 *	STARTING -> SERVING	it says that it is ready
 *	both -> WAITING		it has died
 *	WAITING -> STARTING	at ->until
 *	SERVING -> CHECKING	SIGUSR2; --check of the binary that is there now
 *	CHECKING -> SERVING	it does not like its options
 *	CHECKING -> DRAINING	it does
 *	DRAINING -> REPLACING	all guests stand still; SIGTERM
 *	both -> NEXT		it has ended
 *	NEXT -> NEXT_STARTING	the next program is started, on trial
 *	NEXT_STARTING -> TRIAL	it is ready
 *	TRIAL -> SERVING	it can serve all guests
 *	any of the three -> WAITING	it cannot: the one before is started
 *	SERVING -> PROBING	after an upgrade: could it be the keeper, too?
 *	PROBING -> SERVING	it could not
 *	PROBING -> RESTING	it could; front ends wait
 *	RESTING -> SERVING	the process runs it from now on, or cannot
 *	any -> ENDING		SIGTERM; ENDED when it has died
 *	STARTING -> ENDED	it has ended by itself, and none has served
 */
enum keeping_state {
	KEEPING_STARTING,
	KEEPING_SERVING,
	KEEPING_WAITING,
	KEEPING_CHECKING,
	KEEPING_DRAINING,
	KEEPING_REPLACING,
	KEEPING_NEXT,
	KEEPING_NEXT_STARTING,
	KEEPING_TRIAL,
	KEEPING_PROBING,
	KEEPING_RESTING,
	KEEPING_ENDING,
	KEEPING_ENDED,
};

struct keeping {
	struct keeper keeper;
	struct child child;
	const char *config; /* path of the configuration file; NULL: none */
	struct launch *launch;
	enum keeping_state state;
	int signals;	       /* signalfd */
	uint64_t since;	       /* monotonic ns: of the state */
	uint64_t until;	       /* WAITING, NEXT: start the next then */
	uint64_t stopped_at;   /* monotonic ns: by SIGSTOP; 0: it runs */
	uint64_t kill_at;      /* monotonic ns: SIGKILL; 0: not asked for */
	uint64_t died_at;      /* 0: not since it served last */
	unsigned int failures; /* in a row: killed by a signal, */
	unsigned int pauses;   /* or that were followed by a pause */
	bool has_served;
	struct nest store; /* see store.h; or none */
	/* Up to REPLACING the next program, then the one before; or none */
	struct child_program other;
	int reloaded;		/* what the process reads again; owned; -1 */
	pid_t check;		/* CHECKING, PROBING; 0: none runs */
	int check_out;		/* what it says */
	struct nest nest;	/* PROBING: what it has to read */
	struct log_limit limit; /* of lines that front ends cause */
};

void life_enter(struct keeping *k, enum keeping_state state);

/* Returns true while the next program has not shown that it can serve. */
bool life_is_on_trial(const struct keeping *k);

/*
 * Returns a copy of the configuration file, which the caller owns; -1 if there
 * is none, or it cannot be read: who tries to read the file will say why.
 */
int life_copy_config(const struct keeping *k);

/* Starts a process. Returns 0 or a negative errno. */
int life_start(struct keeping *k);

/* Notes and logs how long the guests have not been served. */
void life_note_pause(struct keeping *k);

/* The process hangs: has it killed, unless it is about to be. */
void life_kill_hung(struct keeping *k);

#define LIFE_CHECK_TEXT 400

/* The process that checks has ended. Stores what it says, one line, in @text.
 */
void life_end_check(struct keeping *k, char text[LIFE_CHECK_TEXT]);

/* Plans the next start, after a process that ended as @status and @how say. */
void life_plan_restart(struct keeping *k, int status, const char *how);

#endif
