/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * How a back end and its keeper talk, over a socket of SOCK_SEQPACKET: the back
 * end asks, the keeper answers at once. Both are the same program, or an older
 * and a newer one: KEEPER_LINK_VERSION counts changes of these structs.
 *
 * The keeper listens for the back end. It passes connections over a channel,
 * which is a struct vhost_listener in the back end: see listen.h.
 */
#ifndef KEEPER_LINK_H
#define KEEPER_LINK_H

#include <stdint.h>

#include "vhost/listen/listen.h"

#define KEEPER_LINK_VERSION 7

/* What the keeper has seen, for statistics. */
struct keeper_history {
	uint64_t processes;	   /* back ends so far, the present one too */
	uint64_t restarts;	   /* of a back end that died */
	uint64_t upgrades;	   /* to another back end that was ready */
	uint64_t longest_pause_ns; /* without a back end that was ready */
	uint64_t given_up;  /* front ends that sent no vhost-user, or read no
			       answers */
	uint64_t held_back; /* guests that crashed back ends too often */
	char reason[96];    /* of the last restart; "": none */
};

enum keeper_question {
	KEEPER_CHECK,	  /* could ->path be listened at? */
	KEEPER_LISTEN,	  /* the answer brings the channel */
	KEEPER_RELOADING, /* the configuration is about to be read again; the
			     answer may bring a copy of it */
	KEEPER_HISTORY,	  /* what has the keeper seen? */
	KEEPER_IS_READY,  /* all guests are served; ->path is a status line */
	KEEPER_REFUSES,	  /* the same, as before: a reload has failed */
	KEEPER_MEMORY,	  /* the answer brings ->size bytes, called ->path */
	KEEPER_ALIAS,	  /* the socket ->path is to have a second name: the
			     first ->size bytes of ->path; 0: none */
	KEEPER_FAULT, /* no question: the back end dies of a fault in a thread
			 that serves ->path, or none: fault.h */
	KEEPER_TOLD,  /* the statistics that were asked for are in the log */
};

struct keeper_ask {
	uint32_t version;
	uint32_t question; /* enum keeper_question */
	uint32_t origin;   /* CHECK, LISTEN: enum vhost_origin */
	uint32_t mode;	   /* LISTEN: as in struct vhost_access */
	uint32_t group;
	uint32_t peer_uid;
	uint32_t peer_gid;
	uint64_t hidden; /* LISTEN: protocol features that front ends must not
			    see */
	char name[64];	 /* LISTEN: of the guest, for the log */
	uint64_t size;	 /* MEMORY, ALIAS: bytes */
	char path[4096];
};

struct keeper_answer {
	uint32_t version;
	int32_t ret; /* 0 or a negative errno */
	struct keeper_history history;
};

/*
 * The back end's side. @link is the socket; each returns 0 or a negative errno:
 * the keeper's, as from vhost_listen(), or -ECONNRESET.
 */
int keeper_link_check(int link, enum vhost_origin origin, const char *path);

/*
 * As vhost_listen(), vhost_inherit() or vhost_connect(). @name and @hidden: see
 * struct keeper_ask.
 */
int keeper_link_listen(int link, struct vhost_listener *listener,
		       const char *name, enum vhost_origin origin,
		       const char *path, const struct vhost_access *access,
		       uint64_t hidden);

/*
 * As vhost_listen_alias(), for the socket @path: its first bytes are @alias.
 */
int keeper_link_alias(int link, const char *path, const char *alias);

/*
 * The configuration is about to be read again. Stores in @copy a descriptor
 * of what is to be read, which the caller owns; -1: the keeper has none.
 */
int keeper_link_reloading(int link, int *copy);

/* All guests are served, after a start or a reload. */
int keeper_link_ready(int link, const char *status);

/* The reload has failed; all guests are served as before. */
int keeper_link_refuses(int link, const char *status);

/* Stores in @history what the keeper has seen. */
int keeper_link_history(int link, struct keeper_history *history);

/* The statistics that the keeper has asked for are in the log. */
int keeper_link_told(int link);

/*
 * Returns a descriptor of @size bytes of memory, a multiple of 4096, which the
 * caller maps shared and closes. The next back end that asks for @name and
 * @size gets the same memory. It is zeroed when it is new: at the first time,
 * with another @size, and after keeper_link_ready(), as what is asked for later
 * belongs to something that was not there before. Memory that a back end has
 * not asked for when it is ready is dropped. Errors: those of
 * keeper_memories_get(), -ENAMETOOLONG or -ECONNRESET.
 */
int keeper_link_memory(int link, const char *name, uint64_t size);

#endif
