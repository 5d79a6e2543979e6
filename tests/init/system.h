/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * An init system and its commands for the daemon, and the cases that hold for
 * each. Every case starts with a configuration of one guest, name=a, and with
 * the daemon stopped.
 */
#ifndef TEST_INIT_SYSTEM_H
#define TEST_INIT_SYSTEM_H

#include <stddef.h>

#include "tests/init/machine.h"

#define CONFIG	"/etc/vhost-device-spi.conf"
#define SOCKETS "/run/vhost-device-spi"
#define DAEMON	"/usr/sbin/vhost-device-spi"

/* Shell commands, run as root of the machine, and what they print. */
struct init_system {
	const char *name;    /* of the group of cases */
	const char *machine; /* kind of machine, see machine.sh */
	const char *prepare; /* once, after the machine has started */
	const char *reset;   /* stops the daemon, and removes what is left */
	const char *start;
	const char *reload;
	const char *restart;
	const char *status;  /* succeeds if the daemon runs */
	const char *running; /* what ->status prints then */
	const char *pid;     /* prints the process id of the daemon */
	const char *reason;  /* prints why ->start or ->reload failed */
	const char *no_caps; /* sets of capabilities that are empty, for grep */
};

struct CMUnitTest;

/*
 * Runs the common cases and the @count cases of @tests, each made with
 * INIT_TEST, on a machine with @system. Returns the number of failures.
 */
int init_run_tests(const struct init_system *system,
		   const struct CMUnitTest *tests, size_t count);

/* For init_run_tests(): prepares a case, in which *state is the machine. */
#define INIT_TEST(test) cmocka_unit_test_setup(test, init_setup)
int init_setup(void **state);

/* Returns the machine of the case, or skips the case if there is none. */
struct machine *init_need(void **state);

/* Starts the daemon, which must succeed. Returns its process id. */
int init_start(struct machine *m);

/* Returns the process id of the daemon, which must run. */
int init_pid(struct machine *m);

/* The guest's socket SOCKETS/@name.sock must be served. */
void init_expect_served(struct machine *m, const char *name);

#endif
