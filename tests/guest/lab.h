/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The set-up of the guest tests: one daemon, and guests on its sockets. Guest
 * 0 stays from test to test, because a boot takes seconds; the others end with
 * the test that started them. Except for the set-up and tear-down functions,
 * all functions are for use inside a cmocka test, and fail it on an error.
 */
#ifndef TESTS_GUEST_LAB_H
#define TESTS_GUEST_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/guest.h"
#include "tests/lib/daemon/daemon.h"

/* The chips, by the names that guest 0 has for them. */
#define FLASH  "/dev/mtd0"	/* sim:nor in a file, cs=nor */
#define ECHO   "/dev/spidev0.1" /* sim:loopback, cs=linux */
#define CHIP   "/dev/spidev0.2" /* sim:nor, cs=linux */
#define SHAPES "/dev/spidev0.3" /* sim:nor, cs=nor */
#define CHIPS  "0:spi-nor,1:dh2228fv,2:dh2228fv,3:dh2228fv"

/* The other guests use ECHO alone, unless told otherwise. */
#define ECHO_ONLY "1:dh2228fv"

#define CHIP_ID	  "ef4014" /* of CHIP and SHAPES */

/* Time limits. A megabyte of flash is tens of thousands of requests. */
#define SHORT_S	   60
#define LONG_S	   600

#define LAB_GUESTS 4

struct lab_setup {
	/* Options of the daemon beside sockets and devices, up to a NULL */
	const char *daemon_options[4];
	/* Keys of all devices, with a comma before each; NULL: a long cs-hold
	 */
	const char *keys;
	const char *framing;	   /* of all devices; NULL: see above */
	const char *chips;	   /* of guests 1 and up; NULL: ECHO_ONLY */
	bool trace;		   /* from the start: see lab_end_trace() */
	struct guest_config guest; /* name, sockets and chips are the lab's */
};

struct lab {
	const char *missing; /* why all tests are skipped, or NULL */
	const struct lab_setup *setup;
	struct daemon daemon;
	struct guest *guests[LAB_GUESTS]; /* guest I is on socket I */
	bool daemon_failed;		  /* one ended before its time */
	bool guest_failed; /* the kernel of one has logged a fault */
};

/* The number in the environment variable @name, or @otherwise. */
int lab_setting(const char *name, int otherwise);

/*
 * The body of a cmocka group setup; the state is the struct lab. @setup has to
 * stay. The group teardown checks that the daemon ends with status 0.
 */
int lab_create(void **state, const struct lab_setup *setup);
int lab_destroy(void **state);

/*
 * The teardown of each test: ends all guests but guest 0, and fails the test
 * if the kernel of a guest has logged a fault.
 */
int lab_after_test(void **state);

#define lab_test(function) cmocka_unit_test_teardown(function, lab_after_test)

/*
 * Every test begins with this. Starts the daemon and guest 0 if they do not
 * run, or skips the test if there is no kit.
 */
struct lab *lab_open(void **state);

/* Boots guest @index. */
struct guest *lab_boot(struct lab *lab, unsigned int index);

/* Ends guest @index, if it runs. Returns what guest_stop() does. */
int lab_stop_guest(struct lab *lab, unsigned int index);

/*
 * Runs a command that has to succeed. Returns the first line of its output,
 * which stays until the next call.
 */
__attribute__((format(printf, 4, 5))) const char *
lab_run(struct lab *lab, struct guest *g, int timeout_s, const char *format,
	...);

/*
 * Shows all logs, ends the guest, because it may hang, and fails the test
 * with this message.
 */
__attribute__((format(printf, 3, 4), noreturn)) void
lab_fail(struct lab *lab, struct guest *g, const char *format, ...);

/* Sends QEMU a command that has to succeed. */
void lab_qmp(struct lab *lab, struct guest *g, const char *command);

/*
 * For a main() whose tests have random moments: takes and shows GUEST_SEED, and
 * has progress shown as it is made, also into a pipe.
 */
void lab_begin_random(void);

/* Ends the trace. Returns its file, FILE.vcd, until the next daemon_file(). */
const char *lab_end_trace(struct lab *lab);

/* Returns a number from @min to @max. */
int lab_random_ms(int min, int max);

/* Returns the features that the guest's SPI driver has negotiated. */
uint64_t lab_features(struct lab *lab, struct guest *g);

/* Unbinds the guest's SPI driver, which takes its chips away. */
void lab_unbind(struct lab *lab, struct guest *g);

/* Binds what lab_unbind() has unbound, and puts the chips back. */
void lab_bind(struct lab *lab, struct guest *g);

/* Both */
void lab_rebind(struct lab *lab, struct guest *g);

/* Fails if the guest's drivers have logged an error that they hid. */
void lab_check_drivers(struct lab *lab, struct guest *g);

/*
 * Runs full-duplex messages without end in the background. One message is one
 * request, so that nothing but a lost or doubled request can disturb it.
 * lab_stop_traffic() checks that each came back.
 */
void lab_start_traffic(struct lab *lab, struct guest *g);
void lab_stop_traffic(struct lab *lab, struct guest *g);

#endif
