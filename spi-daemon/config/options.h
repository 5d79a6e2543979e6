/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Options of the command line and of the configuration file. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/config/guest/guest_spec.h"

#define OPTIONS_MAX_GUESTS 256

/* The file that is read if the command line describes no guest. */
#define OPTIONS_CONFIG_DEFAULT "/etc/vhost-device-spi.conf"

/*
 * An environment variable: names of descriptors that the process was given,
 * with a colon between them. It has each once, a number where there is no name.
 */
#define OPTIONS_FD_NAMES       "VHOST_DEVICE_SPI_FDS"

#define KEEPER_TIMEOUT_DEFAULT 10 /* seconds */

/* Traces that see all chips */
#define OPTIONS_MAX_TRACES	   4
#define OPTIONS_TRACE_SIZE_DEFAULT (UINT64_C(256) << 20)
#define OPTIONS_TRACE_SIZE_MIN	   (64u << 10)
#define OPTIONS_TRACE_SIZE_MAX	   (UINT64_C(1) << 40)

/* The options for launch.h. */
struct launch_options {
	bool background; /* --daemon */
	bool syslog;
	bool keeper;
	unsigned int keeper_timeout; /* seconds; 0: none */
	char *pid_file;		     /* NULL: none */
	char *user;		     /* NAME[:GROUP]; NULL: do not change it */
};

/* --sandbox=: what becomes of system calls and files that it refuses */
enum sandbox_mode {
	SANDBOX_ON,  /* they fail, or end the process */
	SANDBOX_LOG, /* the kernel's audit log names the calls */
	SANDBOX_OFF,
};

/* Sanitizers and `make coverage` make calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	defined(COVERAGE)
#define SANDBOX_DEFAULT SANDBOX_OFF
#else
#define SANDBOX_DEFAULT SANDBOX_ON
#endif

struct options {
	struct guest_spec *guests; /* checked by guest_check() */
	unsigned int guest_count;  /* can be 0 if there is a ->config */
	char *config;		   /* the file that was read; NULL: none */
	struct launch_options launch;
	char *stats;			  /* file for statistics; NULL: none */
	char *traces[OPTIONS_MAX_TRACES]; /* files, no two of one name */
	unsigned int trace_count;
	uint64_t trace_size; /* bytes of each file; 0: no limit */
	enum sandbox_mode sandbox;
	bool verbose;
};

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_UPGRADE, /* ->launch.pid_file alone is filled in */
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_CAPABILITIES, /* whatever else there is */
};

/*
 * Reads the command line and the configuration file that it names. Opens no
 * other file but tables. @copy: see config_file_read() and table_copy.h. The
 * command line has precedence over the file; options that may be given several
 * times, like --guest, add up. Returns the action to do and fills @options,
 * which options_free() frees. Returns a negative errno on errors, with one line
 * (no newline) in @error that names the option and the value; @options then has
 * only the settings for launch_open_log() that were read so far, and owns
 * nothing.
 */
int options_parse(int argc, char **argv, int copy, struct options *options,
		  char *error, size_t error_size);

/* Frees what @options owns. */
void options_free(struct options *options);

/* The text of --help. */
extern const char options_help[];

#endif
