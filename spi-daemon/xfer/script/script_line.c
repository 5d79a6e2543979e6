/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/script/script_line.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/xfer/options/xfer_parse.h"
#include "spi-daemon/xfer/script/script_bytes.h"

#define BLANKS " \t\r"

struct parser {
	struct virtio_spi_wire_head head;
	struct script_line *line;
	char *text; /* what is left of the line; is cut into words */
	char *why;
	size_t why_size;
};

static int refuse(struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, p->why_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* Takes the next word. Returns NULL at the end. */
static char *next_word(struct parser *p)
{
	char *word = p->text + strspn(p->text, BLANKS);
	size_t len = strcspn(word, BLANKS);

	if (len == 0)
		return NULL;
	p->text = word + len;
	if (*p->text)
		*p->text++ = '\0';
	return word;
}

/* Takes the value of @key. Returns NULL, with a reason, if there is none. */
static char *next_value(struct parser *p, const char *key)
{
	char *word = next_word(p);

	if (!word)
		refuse(p, "%s: needs a value", key);
	return word;
}

static int take_number(struct parser *p, const char *key, uint32_t min,
		       uint32_t max, uint32_t *number)
{
	const char *word = next_value(p, key), *why;

	if (!word)
		return -EINVAL;
	if (xfer_parse_number(word, min, max, number, &why))
		return refuse(p, "%s %s: %s", key, word, why);
	return 0;
}

static int take_time(struct parser *p, const char *key, uint64_t *ns)
{
	const char *word = next_value(p, key), *why;

	if (!word)
		return -EINVAL;
	if (script_parse_time(word, ns, &why))
		return refuse(p, "%s %s: %s", key, word, why);
	return 0;
}

static int take_cs(struct parser *p, const char *key)
{
	uint32_t number;
	int err = take_number(p, key, 0, UINT8_MAX, &number);

	if (!err)
		p->head.chip_select_id = number;
	return err;
}

static int take_mode(struct parser *p, const char *key)
{
	uint32_t number;
	int err = take_number(p, key, 0, 3, &number);
	uint32_t others = le32toh(p->head.mode) & ~3u;

	if (!err)
		p->head.mode = htole32(others | number);
	return err;
}

static int take_speed(struct parser *p, const char *key)
{
	const char *word = next_value(p, key), *why;
	uint32_t number;

	if (!word)
		return -EINVAL;
	if (xfer_parse_speed(word, &number, &why))
		return refuse(p, "%s %s: %s", key, word, why);
	p->head.freq = htole32(number);
	return 0;
}

/* Adds a part, and counts its bytes. */
static int add_part(struct parser *p, const char *key,
		    const struct script_part *part)
{
	struct script_line *line = p->line;
	uint64_t bytes = (uint64_t)part->tx_len + part->rx_len;
	struct script_part *parts;

	if (line->part_count == XFER_MAX_PARTS)
		return refuse(p, "%s: too many parts", key);
	if (bytes > SCRIPT_MAX_BYTES - line->bytes)
		return refuse(p, "%s: the message is too long", key);
	parts = reallocarray(line->parts, line->part_count + 1, sizeof(*part));
	if (!parts)
		return refuse(p, "%s: out of memory", key);
	line->parts = parts;
	line->bytes += bytes;
	line->parts[line->part_count++] = *part;
	return 0;
}

static int take_rx(struct parser *p, const char *key)
{
	struct script_part part = { .tx = NULL };
	int err = take_number(p, key, 1, SCRIPT_MAX_BYTES, &part.rx_len);

	return err ? err : add_part(p, key, &part);
}

/* Takes bytes in hex, which words may divide. */
static int take_bytes(struct parser *p, const char *key,
		      struct script_bytes *bytes, bool with_mask)
{
	int err = script_bytes_take(&p->text, with_mask, bytes);

	if (err == -EINVAL && !*p->text)
		return refuse(p, "%s: needs bytes in hex", key);
	if (err == -ENOMEM)
		return refuse(p, "%s: out of memory", key);
	if (err)
		return refuse(p, "%s: not bytes in hex: %.*s", key,
			      (int)strcspn(p->text, BLANKS), p->text);
	return 0;
}

static int take_tx(struct parser *p, const char *key)
{
	struct script_bytes bytes;
	struct script_part part;
	int err = take_bytes(p, key, &bytes, false);

	if (err)
		return err;
	part = (struct script_part){ .tx = bytes.bytes, .tx_len = bytes.len };
	if (!strcmp(key, "duplex"))
		part.rx_len = part.tx_len;
	err = add_part(p, key, &part);
	if (err)
		free(part.tx);
	return err;
}

static int take_expected(struct parser *p, const char *key)
{
	struct script_line *line = p->line;
	struct script_bytes bytes;
	struct script_part *part;
	int err;

	if (line->part_count == 0 ||
	    line->parts[line->part_count - 1].rx_len == 0)
		return refuse(p, "%s: nothing is received before it", key);
	part = &line->parts[line->part_count - 1];
	if (part->expected)
		return refuse(p, "%s: is there already", key);
	err = take_bytes(p, key, &bytes, true);
	if (err)
		return err;
	part->expected = bytes.bytes;
	part->mask = bytes.mask;
	if (bytes.len != part->rx_len)
		return refuse(p, "%s: %u bytes, but %u are received", key,
			      bytes.len, part->rx_len);
	return 0;
}

static int take_within(struct parser *p, const char *key)
{
	const struct script_line *line = p->line;
	bool expects = false;

	for (unsigned int i = 0; i < line->part_count; i++)
		if (line->parts[i].expected)
			expects = true;
	if (!expects)
		return refuse(p, "%s: nothing is expected", key);
	return take_time(p, key, &p->line->within_ns);
}

static int take_wait(struct parser *p, const char *key)
{
	int err = take_time(p, key, &p->line->wait_ns);

	if (err)
		return err;
	if (p->line->part_count > 0 || next_word(p))
		return refuse(p, "%s: has a line of its own", key);
	return 0;
}

static const struct keyword {
	const char *word;
	int (*take)(struct parser *p, const char *key);
} keywords[] = {
	{ "cs", take_cs },	{ "speed", take_speed },
	{ "mode", take_mode },	{ "tx", take_tx },
	{ "rx", take_rx },	{ "duplex", take_tx },
	{ "=", take_expected }, { "within", take_within },
	{ "wait", take_wait },
};

static int take_keyword(struct parser *p, const char *word)
{
	for (unsigned int i = 0; i < sizeof(keywords) / sizeof(keywords[0]);
	     i++)
		if (!strcmp(word, keywords[i].word))
			return keywords[i].take(p, word);
	return refuse(p, "%s: not a word of the notation", word);
}

static int parse_words(struct parser *p)
{
	const char *word;
	int err = 0;

	while (!err && (word = next_word(p)))
		err = take_keyword(p, word);
	return err;
}

int script_line_parse(struct script_reader *reader, const char *text,
		      struct script_line *line, char *why, size_t why_size)
{
	char *copy = strndup(text, strcspn(text, "#"));
	struct parser p = {
		.head = reader->head,
		.line = line,
		.text = copy,
		.why = why,
		.why_size = why_size,
	};
	int err;

	*line = (struct script_line){ .number = ++reader->number };
	if (!copy)
		return refuse(&p, "out of memory");
	err = parse_words(&p);
	free(copy);
	if (err) {
		script_line_free(line);
		return err;
	}
	line->head = p.head;
	reader->head = p.head;
	return 0;
}

void script_line_free(struct script_line *line)
{
	for (unsigned int i = 0; i < line->part_count; i++) {
		free(line->parts[i].tx);
		free(line->parts[i].expected);
		free(line->parts[i].mask);
	}
	free(line->parts);
	line->parts = NULL;
	line->part_count = 0;
}
