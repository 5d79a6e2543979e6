/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The commands of a chip, as a text has them. docs/framing.md is the manual. */
#ifndef CS_TABLE_H
#define CS_TABLE_H

#include <stddef.h>

#include "spi-daemon/framing/table/cs_command.h"

#define CS_COMMANDS_MAX 255

/* Bytes: of a file, and of a line of it */
#define CS_TABLE_FILE_MAX 65536
#define CS_TABLE_LINE_MAX 255

struct cs_table {
	/* By first byte: the command, counted from 1; 0: there is none. */
	uint8_t by_byte[256];
	uint8_t status; /* the first of EFFECT_STATUS, likewise */
	unsigned int count;
	struct cs_command commands[];
};

/*
 * Parses @text, of @len bytes, a line for each command; @name is what it is
 * called in messages. Returns 0 and stores the table in @table, which
 * cs_table_free() frees. Returns -EINVAL, with one line (no newline) in @error,
 * "name:line: mistake"; or -ENOMEM.
 */
int cs_table_parse(const char *name, const char *text, size_t len,
		   struct cs_table **table, char *error, size_t error_size);

/*
 * The same of a regular file, or of the copy of it, if there is one: see
 * table_copy.h. An error of the file is -EINVAL, too, with a line in @error
 * that begins with its name.
 */
int cs_table_load(const char *file, struct cs_table **table, char *error,
		  size_t error_size);

/*
 * The table that is built in as @name: nor, nand, eeprom or at45. Returns 0 as
 * above, -ENOENT if there is none, or -ENOMEM.
 */
int cs_table_builtin(const char *name, struct cs_table **table);

void cs_table_free(struct cs_table *table);

/* The command that begins with @first; NULL: there is none, or no table. */
static inline const struct cs_command *
cs_table_find(const struct cs_table *table, uint8_t first)
{
	if (!table || !table->by_byte[first])
		return NULL;
	return &table->commands[table->by_byte[first] - 1];
}

/*
 * The bytes that ask the chip for its status: stores 1 or 2 in @cmd and returns
 * how many. One byte is received in answer. Returns 0 if no command does that.
 */
unsigned int cs_table_status_command(const struct cs_table *table,
				     uint8_t cmd[2]);

/* Returns true if both have the same commands. Both may be NULL. */
bool cs_table_equal(const struct cs_table *a, const struct cs_table *b);

#endif
