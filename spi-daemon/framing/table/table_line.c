/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/framing/table/table_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS	     " \t\r"
#define PART_LEN_MAX 65535

/* A line that is being read. */
struct line {
	struct cs_command *command;
	bool optional[CS_PARTS_MAX]; /* by part */
	bool has_word;		     /* other than parts, which come first */
	bool has_busy;
	char *error;
	size_t error_size;
};

__attribute__((format(printf, 2, 3))) static int
mistake(const struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(line->error, line->error_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* Reads two hexadecimal digits. Returns what is behind them, or NULL. */
static const char *read_byte(const char *text, uint8_t *byte)
{
	char digits[3] = { 0 };

	if (!isxdigit((unsigned char)text[0]) ||
	    !isxdigit((unsigned char)text[1]))
		return NULL;
	memcpy(digits, text, 2);
	*byte = (uint8_t)strtoul(digits, NULL, 16);
	return text + 2;
}

/* Reads BYTE or BYTE/MASK, all of @text. Returns false if it is neither. */
static bool read_masked(const char *text, uint8_t *byte, uint8_t *mask)
{
	text = read_byte(text, byte);
	*mask = 0xff;
	if (text && *text == '/')
		text = read_byte(text + 1, mask);
	return text && !*text;
}

static int parse_masked(const struct line *line, const char *word,
			const char *text, uint8_t *byte, uint8_t *mask)
{
	if (!read_masked(text, byte, mask))
		return mistake(
			line,
			"\"%.32s\" is not two hexadecimal digits, or two "
			"and a mask, as 03/f7",
			word);
	if (*byte & ~*mask)
		return mistake(line, "\"%.32s\" has bits outside of its mask",
			       word);
	return 0;
}

/* Reads N or N-M behind the colon of a part. */
static int parse_len(const struct line *line, const char *word,
		     const char *text, struct cs_part *part)
{
	unsigned long min, max;
	char *end;

	/* strtoul() accepts blanks and signs */
	min = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
	max = min;
	if (min && *end == '-')
		max = isdigit((unsigned char)end[1])
			      ? strtoul(end + 1, &end, 10)
			      : 0;
	if (!min || max < min || max > PART_LEN_MAX || *end)
		return mistake(line,
			       "\"%.32s\" has no length as 3 or 3-4, of 1 to "
			       "%d bytes",
			       word, PART_LEN_MAX);
	if (part->receives && min != max)
		return mistake(line,
			       "\"%.32s\": what is received has one "
			       "length, or none",
			       word);
	part->min = (uint16_t)min;
	part->max = (uint16_t)max;
	return 0;
}

static bool is_part(const char *name, size_t len, bool *receives)
{
	static const char *const names[] = { "address", "dummy", "out", "in" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != len || strncmp(name, names[i], len))
			continue;
		*receives = !strcmp(names[i], "in");
		return true;
	}
	return false;
}

/* Returns 1 if @word is a part, 0 if it is something else, or -EINVAL. */
static int parse_part(struct line *line, char *word)
{
	struct cs_command *command = line->command;
	struct cs_part part = { .receives = false };
	size_t end = strlen(word) - 1;
	bool optional = word[0] == '[' && word[end] == ']';
	const char *name = word + optional;
	size_t len;

	if (optional)
		word[end] = '\0';
	len = strcspn(name, ":");
	if (!is_part(name, len, &part.receives))
		return 0;
	if (line->has_word)
		return mistake(line, "\"%.32s\": parts come before all else",
			       name);
	if (optional && part.receives)
		return mistake(line, "\"in\" cannot be optional");
	if (name[len] && parse_len(line, name, name + len + 1, &part))
		return -EINVAL;
	if (command->part_count == CS_PARTS_MAX)
		return mistake(line, "there are more than %d parts",
			       CS_PARTS_MAX);
	line->optional[command->part_count] = optional;
	command->parts[command->part_count++] = part;
	return 1;
}

static int parse_effect(const struct line *line, const char *word)
{
	static const char *const names[] = {
		[EFFECT_OPENS] = "opens",      [EFFECT_CLOSES] = "closes",
		[EFFECT_STARTS] = "starts",    [EFFECT_RESETS] = "resets",
		[EFFECT_LOADS] = "loads",      [EFFECT_STATUS] = "status",
		[EFFECT_USES_CACHE] = "cache",
	};
	struct cs_command *command = line->command;

	for (size_t i = EFFECT_OPENS; i < sizeof(names) / sizeof(names[0]);
	     i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		if (command->effect)
			return mistake(line, "it cannot be \"%s\" and \"%s\"",
				       names[command->effect], word);
		command->effect = (enum cs_effect)i;
		return 0;
	}
	return mistake(line, "\"%.32s\" is no word of a table", word);
}

static int parse_other(struct line *line, const char *word)
{
	struct cs_command *command = line->command;
	uint8_t mask;

	line->has_word = true;
	if (!strcmp(word, "again")) {
		command->again = true;
	} else if (!strcmp(word, "held")) {
		command->held = true;
	} else if (!strncmp(word, "busy=", 5)) {
		line->has_busy = true;
		return parse_masked(line, word, word + 5, &command->busy,
				    &command->busy_mask);
	} else if (!strncmp(word, "at=", 3)) {
		command->has_at = true;
		return parse_masked(line, word, word + 3, &command->at, &mask);
	} else {
		return parse_effect(line, word);
	}
	return 0;
}

/* An optional part can only be told from others by what is received. */
static bool is_in_behind(const struct cs_command *command, unsigned int at)
{
	while (at < command->part_count && !command->parts[at].receives)
		at++;
	return at < command->part_count;
}

/*
 * Returns true if the daemon can ask for the status with the command byte, and
 * the byte of at=.
 */
static bool is_status(const struct line *line)
{
	const struct cs_command *command = line->command;
	unsigned int last = command->part_count, bytes = 0;

	if (!last || !command->parts[--last].receives)
		return false;
	for (unsigned int i = 0; i < last; i++) {
		const struct cs_part *part = &command->parts[i];

		if (line->optional[i])
			continue;
		if (part->receives || part->min != 1 || part->max != 1)
			return false;
		bytes++;
	}
	return bytes == command->has_at;
}

static int check_status(const struct line *line)
{
	const struct cs_command *command = line->command;

	if (command->effect != EFFECT_STATUS)
		return line->has_busy || command->has_at
			       ? mistake(line, "\"busy=\" and \"at=\" need "
					       "\"status\"")
			       : 0;
	if (!line->has_busy)
		return mistake(line, "\"status\" needs busy=, as busy=01/01");
	if (!is_status(line))
		return mistake(line, "\"status\" is asked with the command "
				     "byte, and the address:1 that at= tells, "
				     "and ends with what is received");
	return 0;
}

/* What cannot be told from one word. */
static int check_whole(const struct line *line)
{
	const struct cs_command *command = line->command;

	for (unsigned int i = 0; i < command->part_count; i++)
		if (line->optional[i] && !is_in_behind(command, i))
			return mistake(line, "an optional part needs an \"in\" "
					     "behind it, to tell that it is "
					     "not there");
	if (command->mask != 0xff && (command->effect == EFFECT_OPENS ||
				      command->effect == EFFECT_STATUS))
		return mistake(line, "the daemon sends it, too: it cannot have "
				     "a mask");
	if (command->effect == EFFECT_OPENS && command->part_count)
		return mistake(line, "\"opens\" is a command byte alone");
	if (command->again && command->held)
		return mistake(line, "it cannot be \"again\" and \"held\"");
	return check_status(line);
}

static int parse_words(struct line *line, char *rest)
{
	char *word;
	int ret = 0;

	while (ret >= 0 && (word = strtok_r(NULL, BLANKS, &rest))) {
		ret = parse_part(line, word);
		if (!ret)
			ret = parse_other(line, word);
	}
	return ret < 0 ? ret : check_whole(line);
}

int table_line_parse(char *text, struct cs_command *command, char *error,
		     size_t error_size)
{
	struct line line = {
		.command = command,
		.error = error,
		.error_size = error_size,
	};
	char *rest, *first;
	int ret;

	*command = (struct cs_command){ .mask = 0xff };
	text[strcspn(text, "#")] = '\0';
	for (const char *c = text; *c; c++)
		if (!isprint((unsigned char)*c) && !strchr(BLANKS, *c))
			return mistake(&line, "it has a character that is not "
					      "text");
	first = strtok_r(text, BLANKS, &rest);
	if (!first)
		return 0;
	ret = parse_masked(&line, first, first, &command->value,
			   &command->mask);
	if (!ret)
		ret = parse_words(&line, rest);
	return ret ? ret : 1;
}
