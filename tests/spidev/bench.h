/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Where the daemon is tested on a spidev of a real kernel: a machine, its SPI
 * device, and the kernel's view of what happens on it. All of it is for use
 * inside a cmocka test: what fails here fails the test.
 *
 * The commands are those of lab.sh; requests are sent by spi-stream, one
 * after the other, or by spi-xfer, all at once.
 */
#ifndef TESTS_SPIDEV_BENCH_H
#define TESTS_SPIDEV_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>

#include "tests/spidev/trace.h"

/* A command may need to program 64 KiB of flash. */
#define BENCH_TIMEOUT_S 60

struct bench {
	const char *missing; /* why nothing can be tested, or NULL */
	void *machine;
	/* As board_run(); out of action when it returns a negative errno. */
	int (*run)(void *machine, char *out, size_t size, int timeout_s,
		   const char *command);
	void (*show_log)(void *machine);

	/* What the tests of this machine have to expect */
	const char *device; /* "spi0.0"; /dev/spidev0.0 is it, too */
	const char *id;	    /* of the flash: hex */
	uint32_t max_speed; /* Hz */
	uint32_t bufsiz;    /* bytes */
	bool has_sfdp;
	/* What the controller's driver does: */
	bool tells_release;   /* tells the chip of a release with no transfer */
	bool joins_transfers; /* several transfers can be one message */

	char out[1 << 16];
	char wire[1 << 16];
	struct trace trace;
};

/* Every test begins with this: the bench, or the test is skipped. */
struct bench *bench_open(void **state);

/* Run a command; its exit status, with the output in ->out. */
__attribute__((format(printf, 2, 3))) int bench_try(struct bench *b,
						    const char *format, ...);

/* Run a command that has to succeed. Returns ->out, without the last line
 * end. */
__attribute__((format(printf, 2, 3))) const char *
bench_run(struct bench *b, const char *format, ...);

/*
 * Start a daemon on the device, with these keys: "cs=nor". The hold time is
 * long unless they say otherwise.
 */
void bench_serve(struct bench *b, const char *keys);

/* The log of the daemon. */
const char *bench_log(struct bench *b);

/*
 * Run spi-stream with these words, traced. Returns what it printed; the trace
 * is in ->trace.
 */
__attribute__((format(printf, 2, 3))) const char *
bench_stream(struct bench *b, const char *format, ...);

/* Get the last trace of a command that was run by lab.sh's traced. */
void bench_read_trace(struct bench *b);

/* The wire during the last trace; see trace_wire(). */
const char *bench_wire(struct bench *b);

/* Microseconds from one event to another in the last trace. */
int64_t bench_us(struct bench *b, enum trace_kind from, unsigned int from_index,
		 enum trace_kind to, unsigned int to_index);

/* The tests, by subject. */
extern const struct CMUnitTest flash_cases[], select_cases[], field_cases[],
	piece_cases[], loss_cases[], shared_cases[];
extern const size_t flash_case_count, select_case_count, field_case_count,
	piece_case_count, loss_case_count, shared_case_count;

/* Tests in groups; a list ends with a NULL. */
struct bench_group {
	const struct CMUnitTest *cases;
	const size_t *count;
};

extern const struct bench_group bench_all_groups[];

/* Run them; main()'s return value. The setup makes the bench the state. */
int bench_run_groups(const char *name, const struct bench_group *groups,
		     CMFixtureFunction setup, CMFixtureFunction teardown);

/* The same on a board, which board_start(@kind, @append) starts. */
struct board_kind;
int bench_board_main(const struct board_kind *kind, const char *append,
		     const struct bench *facts,
		     const struct bench_group *groups);

#endif
