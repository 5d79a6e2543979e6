/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A small machine that the daemon is installed on, with an init of its own;
 * see machine.sh. What goes wrong here fails the running cmocka test.
 */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include <stdbool.h>
#include <sys/types.h>

#define MACHINE_OUTPUT 16384

struct machine {
	pid_t runner;
	char dir[96];
	char log[128];
	int init;	   /* process 1, as it is called here */
	char missing[300]; /* why there can be no machine; "" if it runs */
	char output[MACHINE_OUTPUT]; /* of the last command, both streams */
};

/*
 * Starts a machine of @kind (see machine.sh), and moves the calling process
 * into a mount namespace of its own. Returns 0, also if there can be no machine
 * here: @m->missing says why. Returns -1 with a message on stderr on errors.
 */
int machine_start(struct machine *m, const char *kind);

/* Kills all that runs on it. */
void machine_stop(struct machine *m);

/* Skips the running test, with the reason, if there is no machine. */
void machine_need(const struct machine *m);

/*
 * Runs a shell command as root of the machine. Returns its exit status, with
 * what it printed in m->output.
 */
int machine_run(struct machine *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same; the status must be @status. Returns m->output. */
const char *machine_expect(struct machine *m, int status, const char *format,
			   ...) __attribute__((format(printf, 3, 4)));

/* Was @text in the last command's output? If not, the test fails. */
void machine_expect_output(const struct machine *m, const char *text);

/* Runs a shell command again and again until it succeeds. */
void machine_wait(struct machine *m, const char *command);

/* Waits until there is no process @pid, which the machine's init has to note.
 */
void machine_wait_gone(struct machine *m, int pid);

/* Makes the file @path of @text. */
void machine_write(struct machine *m, const char *path, const char *text);

#endif
