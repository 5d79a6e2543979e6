/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The command line and the configuration file: one set of words. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "spi-daemon/config/guest/guest_spec.h"

#define OPTIONS_MAX_GUESTS 256

/* Read when the command line describes no guest. */
#define OPTIONS_CONFIG_DEFAULT "/etc/vhost-device-spi.conf"

/* What launch.h needs to know. */
struct launch_options {
	bool background; /* --daemon */
	bool syslog;
	char *pid_file; /* NULL: none */
	char *user;	/* NAME[:GROUP]; NULL: keep our own */
};

struct options {
	struct guest_spec *guests; /* without contradictions */
	unsigned int guest_count;  /* can be 0 if there is a ->config */
	char *config;		   /* the file that was read; NULL: none */
	struct launch_options launch;
	char *stats; /* file for statistics; NULL: none */
	bool verbose;
};

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/*
 * Reads the command line and the configuration file that it names. Opens
 * nothing else. What the command line sets is not set by the file; what can
 * be given several times, as --guest, adds up.
 * On success fills @options, to be freed with options_free(), and returns
 * what is to be done. On a mistake writes one line that names the option and
 * the value (no newline) to @error and returns a negative errno; @options
 * then holds nothing but what launch_open_log() wants, as far as it was read.
 */
int options_parse(int argc, char **argv, struct options *options, char *error,
		  size_t error_size);

/* Frees what @options owns. */
void options_free(struct options *options);

/* What --help prints. */
extern const char options_help[];

#endif
