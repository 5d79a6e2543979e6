/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Programs that read traces and know nothing of the daemon: sigrok-cli and
 * those of GTKWave. What goes wrong here fails the running cmocka test.
 */
#ifndef TESTS_SIGROK_H
#define TESTS_SIGROK_H

#include <stdbool.h>

/* Returns true if the program @tool is installed. */
bool tool_is_there(const char *tool);

/*
 * Runs a shell command that has to succeed, in which $TRACE is @path. Returns
 * what it prints, up to 256 KiB, until the next call.
 */
const char *tool_run(const char *command, const char *path);

/* Returns what sigrok's decoder of flash chips makes of FILE.vcd at @path. */
const char *sigrok_read_flash(const char *path);

/*
 * Converts FILE.vcd at @path for GTKWave, and back. Returns the scopes and
 * signals of the result.
 */
const char *gtkwave_convert(const char *path);

/* Returns how many times @part is in @text. */
unsigned int text_count(const char *text, const char *part);

/* Fails the test unless @part is in @text @count times. */
void text_expect(const char *text, const char *part, unsigned int count);

#endif
