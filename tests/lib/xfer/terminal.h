/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A shell command on a pseudo-terminal, and somebody who types. An error here
 * fails the running cmocka test.
 */
#ifndef TEST_TERMINAL_H
#define TEST_TERMINAL_H

#include <stddef.h>
#include <sys/types.h>

struct terminal {
	pid_t pid;
	int fd;
	size_t len;
	char text[65536]; /* all that the command has written; a string */
};

/* Starts @command in a session of its own. */
void terminal_start(struct terminal *terminal, const char *command);

/*
 * Waits until @text is in what the command has written since the last call that
 * found something.
 */
void terminal_expect(struct terminal *terminal, const char *text);

void terminal_type(struct terminal *terminal, const char *keys);

/* Waits for the end. Returns the exit status, or 128 + a signal. */
int terminal_wait(struct terminal *terminal);

#endif
