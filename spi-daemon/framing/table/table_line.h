/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* One line of a table of commands */
#ifndef TABLE_LINE_H
#define TABLE_LINE_H

#include <stddef.h>

#include "spi-daemon/framing/table/cs_command.h"

/*
 * Reads @line, which it splits. Returns 1 and fills @command; 0 if the line is
 * empty, or a comment; -EINVAL with the mistake, one line (no newline), in
 * @error.
 */
int table_line_parse(char *line, struct cs_command *command, char *error,
		     size_t error_size);

#endif
