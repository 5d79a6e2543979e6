/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The system calls that are allowed: see call_filter.h. */
#ifndef CALL_LIST_H
#define CALL_LIST_H

#include <stdint.h>

/* Who may make a call: each may make those of the ones before it, too. */
enum call_maker {
	CALL_OF_ANY_THREAD, /* those that serve a guest, too */
	CALL_OF_SERVER,	    /* others of a process that a keeper has started */
	CALL_OF_OPENER,	    /* and the looker */
	CALL_OF_LISTENER,   /* SERVER without a keeper: it makes its sockets */
	CALL_OF_KEEPER,	    /* and what it starts, until that is confined */
};

/* A call that is allowed with any arguments. It need not exist everywhere. */
struct call {
	const char *name; /* NULL: the end of the list */
	enum call_maker maker;
};

extern const struct call call_list[];

/* A call that is allowed if one argument, masked, has a value */
struct restricted_call {
	const char *name;   /* NULL: the end of the list */
	const char *name32; /* on machines of 32 bits, in addition; or NULL */
	unsigned int argument;
	uint64_t mask;
	uint64_t value;
	enum call_maker maker;
};

/* Of all; and of keepers, in addition */
extern const struct restricted_call call_list_restricted[];
extern const struct restricted_call call_list_of_keeper[];

#endif
