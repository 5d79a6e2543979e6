/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What each option means: the options that there are, and what is done with the
 * value of one. The command line and the configuration file have the same.
 */
#ifndef OPTION_VALUE_H
#define OPTION_VALUE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/config/guest/guest_spec.h"
#include "spi-daemon/config/guest/numbered.h"
#include "spi-daemon/config/options.h"

/* Options without a short form: their numbers are no characters. */
enum {
	OPTION_WITH = 256,
	OPTION_REPLAY,
	OPTION_POLL,
	OPTION_DAEMON,
	OPTION_PIDFILE,
	OPTION_USER,
	OPTION_SYSLOG,
	OPTION_SOCKET_MODE,
	OPTION_SOCKET_GROUP,
	OPTION_CHECK,
	OPTION_UPGRADE,
	OPTION_STATS,
	OPTION_KEEPER,
	OPTION_KEEPER_TIMEOUT,
	OPTION_TRACE,
	OPTION_TRACE_SIZE,
	OPTION_SANDBOX,
	OPTION_FD,
	OPTION_CONNECT,
	OPTION_CAPABILITIES,
};

/* For getopt_long(), with an empty one at the end */
extern const struct option option_table[];

/* What was read, until the guests are made from it. */
struct option_parser {
	struct options *options;
	struct numbered numbered;
	struct guest_spec all; /* settings of all guests */
	const char *config;
	int copy; /* of that file, to be read instead; -1: none */
	bool check;
	bool upgrade;
	uint64_t given; /* bit i: this source has given option_table[i] */
	uint64_t ruled; /* the same of the command line, which has precedence */
	char *error;
	size_t error_size;
};

/* The option of this ->val; the empty one, if there is none. */
const struct option *option_find(int value);

/*
 * Makes room for one more guest. The caller fills it in and counts it. Returns
 * NULL, with a reason in ->error, if there are too many or memory is short.
 */
struct guest_spec *option_new_guest(struct option_parser *parser);

/*
 * Stores the option @found, a ->val of the table, with its @value; NULL: it has
 * none. Returns an action of options.h or a negative errno, with a reason in
 * ->error unless it is -ENOMEM.
 */
int option_take(struct option_parser *parser, int found, const char *value);

#endif
