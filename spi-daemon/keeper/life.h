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
 *	SERVING -> DRAINING	another program FITS
 *	DRAINING -> REPLACING	all guests stand still; SIGTERM
 *	both -> WAITING		it has ended: the other program is started
 *	WAITING -> WAITING	another program FITS: that is started
 *	STARTING -> TRIAL	it is ready, and on trial
 *	TRIAL -> SERVING	it can serve all guests
 *	both -> WAITING		it cannot: the program of before is started
 *	SERVING -> PROBING	after an upgrade: could it be the keeper, too?
 *	PROBING -> SERVING	it could not
 *	PROBING -> RESTING	it could; front ends wait
 *	RESTING -> SERVING	the process runs it from now on, or cannot
 *	any -> ENDING		SIGTERM; ENDED when it has died
 *	STARTING -> ENDED	it has ended by itself, and none has served
 *
 * A process that hangs is killed in each of them. What the operator asks for
 * is noted when the signal comes, and done as soon as the state allows it:
 *
 *	SIGHUP	->reload	SERVING, PROBING, RESTING: the process is told;
 *				WAITING for a pause: the same program is started
 *				with the new configuration, if that FITS
 *	SIGUSR1	->stats_asked	the same three, and DRAINING: it is told, unless
 *				it has not logged what was asked for before
 *	SIGUSR2	->upgrade_asked	STARTING, SERVING, WAITING, while ->other is
 *				NONE: the new program is CHECKED
 */
enum keeping_state {
	KEEPING_STARTING,
	KEEPING_SERVING,
	KEEPING_WAITING,
	KEEPING_DRAINING,
	KEEPING_REPLACING,
	KEEPING_TRIAL,
	KEEPING_PROBING,
	KEEPING_RESTING,
	KEEPING_ENDING,
	KEEPING_ENDED,
};

/* What became of the last SIGHUP */
enum keeping_reload {
	KEEPING_RELOAD_NONE, /* the process has read the file, or refused it */
	KEEPING_RELOAD_ASKED,
	/* It is ASKED once more if the process dies: */
	KEEPING_RELOAD_PASSED_ON, /* the process has not begun */
	KEEPING_RELOAD_READING,
};

/* What is in ->other */
enum keeping_other {
	KEEPING_OTHER_NONE,
	KEEPING_OTHER_CHECKED, /* the next program; --check of it runs */
	KEEPING_OTHER_FITS,   /* it likes its options, and waits for its turn */
	KEEPING_OTHER_BEFORE, /* the program of before, during a trial */
};

struct keeping {
	struct keeper keeper;
	struct child child;
	const char *config; /* path of the configuration file; NULL: none */
	struct launch *launch;
	enum keeping_state state;
	int signals;	       /* signalfd */
	uint64_t since;	       /* monotonic ns: of the state */
	uint64_t check_since;  /* monotonic ns: of ->check */
	uint64_t until;	       /* WAITING: start the next then */
	uint64_t stopped_at;   /* monotonic ns: by SIGSTOP; 0: it runs */
	uint64_t kill_at;      /* monotonic ns: SIGKILL; 0: not asked for */
	uint64_t died_at;      /* 0: not since it served last */
	uint64_t serves_since; /* monotonic ns; 0: it has not served yet */
	struct vhost_budget killed; /* processes that did not do well, */
	struct vhost_budget failed; /* or ended by themselves */
	bool has_served;
	bool upgrade_asked;  /* and not begun */
	bool succession_due; /* after an upgrade */
	bool stats_asked;
	bool stats_passed_on; /* and not in the log yet, as far as we know */
	enum keeping_reload reload;
	unsigned int reload_deaths; /* of processes that had it */
	struct nest store;	    /* see store.h; or none */
	struct child_program other;
	enum keeping_other other_is;
	bool other_reloads;	/* it is the same binary, configured anew */
	int reloaded;		/* what the process reads again; owned; -1 */
	pid_t check;		/* of ->other, or PROBING; 0: none runs */
	int check_out;		/* what it says */
	struct nest nest;	/* PROBING: what it has to read */
	struct log_limit limit; /* of lines that front ends cause */
};

/*
 * Makes a keeper that has no sockets, no process and none of its own signals.
 * life_fini() is needed even if that fails. Returns 0 or -ENOMEM.
 */
int life_init(struct keeping *k, const struct keeper_ops *ops,
	      struct launch *launch);

/* Closes and frees all, but for the processes: they go on. */
void life_fini(struct keeping *k);

void life_enter(struct keeping *k, enum keeping_state state);

/* Returns true while the next program has not shown that it can serve. */
static inline bool life_is_on_trial(const struct keeping *k)
{
	return k->other_is == KEEPING_OTHER_BEFORE;
}

/*
 * Returns a copy of the configuration file, or of no text if there is none,
 * which the caller owns: who reads it adds copies of the files that it names.
 * -1 if it cannot be read: who tries to read the file will say why.
 */
int life_copy_config(const struct keeping *k);

/* Starts a process. Returns 0 or a negative errno. */
int life_start(struct keeping *k);

/* Enters SERVING. Notes and logs for how long the guests were not served. */
void life_serve(struct keeping *k);

/* The process hangs: has it killed, unless it is about to be. */
void life_kill_hung(struct keeping *k);

/* Runs @program, with @image, as child_check() does. Returns 0 or -errno. */
int life_begin_check(struct keeping *k, const struct child_program *program,
		     int image);

#define LIFE_CHECK_TEXT 400

/* The process that checks has ended. Stores what it says, one line, in @text.
 */
void life_end_check(struct keeping *k, char text[LIFE_CHECK_TEXT]);

/* Plans the next start, after a process that ended as @status and @how say. */
void life_plan_restart(struct keeping *k, int status, const char *how);

#endif
