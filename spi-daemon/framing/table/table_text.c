/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/files/files.h"
#include "spi-daemon/framing/table/cs_table.h"
#include "spi-daemon/framing/table/table_copy.h"
#include "spi-daemon/framing/table/table_line.h"

/* A table that is being made. */
struct maker {
	struct cs_table *table; /* with room for CS_COMMANDS_MAX */
	unsigned int line;	/* that is read, from 1 */
	unsigned int works;	/* the first after whose command the chip */
				/* works; 0: there is none */
	char mistake[160];
};

static size_t table_size(unsigned int count)
{
	return sizeof(struct cs_table) + count * sizeof(struct cs_command);
}

/* Returns false if lines before it have all first bytes of @command. */
static bool claim_bytes(struct cs_table *table,
			const struct cs_command *command)
{
	bool claimed = false;

	for (unsigned int byte = 0; byte < 256; byte++) {
		if ((byte & command->mask) != command->value ||
		    table->by_byte[byte])
			continue;
		table->by_byte[byte] = (uint8_t)(table->count + 1);
		claimed = true;
	}
	return claimed;
}

/* Returns NULL, or the mistake. */
static const char *add_command(struct maker *m,
			       const struct cs_command *command)
{
	struct cs_table *table = m->table;

	if (table->count == CS_COMMANDS_MAX)
		return "there are more than 255 commands";
	if (!claim_bytes(table, command))
		return "the lines before have all of its command bytes";
	table->commands[table->count++] = *command;
	if (command->effect == EFFECT_STATUS && !table->status)
		table->status = (uint8_t)table->count;
	if (!m->works && (command->effect == EFFECT_STARTS ||
			  command->effect == EFFECT_RESETS ||
			  command->effect == EFFECT_LOADS))
		m->works = m->line;
	return NULL;
}

/* Takes the next line, of @len characters. Returns NULL, or the mistake. */
static const char *add_line(struct maker *m, const char *text, size_t len)
{
	struct cs_command command;
	char line[CS_TABLE_LINE_MAX + 1];
	int ret;

	m->line++;
	if (len > CS_TABLE_LINE_MAX)
		return "the line is longer than 255 characters";
	if (memchr(text, '\0', len))
		return "it has a character that is not text";
	memcpy(line, text, len);
	line[len] = '\0';
	ret = table_line_parse(line, &command, m->mistake, sizeof(m->mistake));
	if (ret < 0)
		return m->mistake;
	return ret ? add_command(m, &command) : NULL;
}

/* Returns NULL, or the mistake in line ->line; 0: it is in none. */
static const char *add_lines(struct maker *m, const char *text, size_t len)
{
	const char *why = NULL, *end = text + len;

	while (!why && text < end) {
		const char *next = memchr(text, '\n', (size_t)(end - text));

		if (!next)
			next = end;
		why = add_line(m, text, (size_t)(next - text));
		text = next + 1;
	}
	if (why)
		return why;
	m->line = m->works;
	if (m->works && !m->table->status)
		return "behind it the chip works: a command with \"status\" "
		       "has to tell when it is ready";
	return m->table->count ? NULL : "there is no command in it";
}

int cs_table_parse(const char *name, const char *text, size_t len,
		   struct cs_table **table, char *error, size_t error_size)
{
	struct maker m = { .table = calloc(1, table_size(CS_COMMANDS_MAX)) };
	const char *why;

	if (!m.table)
		return -ENOMEM;
	why = add_lines(&m, text, len);
	if (!why) {
		/* A table that cannot shrink is good, too. */
		*table = realloc(m.table, table_size(m.table->count));
		if (!*table)
			*table = m.table;
		return 0;
	}
	if (m.line)
		snprintf(error, error_size, "%.100s:%u: %s", name, m.line, why);
	else
		snprintf(error, error_size, "%.100s: %s", name, why);
	free(m.table);
	return -EINVAL;
}

/*
 * Opens @file, which is to be a regular one. Returns a descriptor, or a
 * negative errno with what is wrong in @why. Nothing is waited for: not for
 * the other end of a pipe, nor for a device.
 */
static int open_file(const char *file, const char **why)
{
	int fd = files_open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		*why = strerror(-fd);
	else if (fstat(fd, &st) < 0)
		*why = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		*why = "it is not a regular file";
	else if (st.st_size > CS_TABLE_FILE_MAX)
		*why = "it is larger than 64 KiB";
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -EINVAL;
}

/* Reads up to @size bytes into @text. Returns how many, or -errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got = 1;

	while (got && len < size) {
		got = read(fd, text + len, size - len);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			len += (size_t)got;
	}
	return (ssize_t)len;
}

/* Reads the file, and leaves a copy to the next process. */
static int load_file(const char *file, struct cs_table **table, char *error,
		     size_t error_size)
{
	const char *why = NULL;
	int fd = open_file(file, &why);
	char *text = fd < 0 ? NULL : malloc(CS_TABLE_FILE_MAX);
	ssize_t len = text ? read_all(fd, text, CS_TABLE_FILE_MAX) : 0;
	int ret = fd < 0 || text ? -EINVAL : -ENOMEM;

	if (len < 0)
		why = strerror((int)-len);
	if (why)
		snprintf(error, error_size, "%.100s: %s", file, why);
	else if (text)
		ret = cs_table_parse(file, text, (size_t)len, table, error,
				     error_size);
	if (!ret)
		table_copy_add(file, text, (size_t)len);
	free(text);
	if (fd >= 0)
		close(fd);
	return ret;
}

int cs_table_load(const char *file, struct cs_table **table, char *error,
		  size_t error_size)
{
	char *text;
	size_t len;
	int ret;

	if (!table_copy_find(file, &text, &len))
		return load_file(file, table, error, error_size);
	ret = cs_table_parse(file, text, len, table, error, error_size);
	free(text);
	return ret;
}
