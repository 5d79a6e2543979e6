/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/script/script_bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"

#define BLANKS	    " \t\r"
#define MAX_TIME_NS (3600 * NS_PER_S)
#define ANY	    16

/* Returns the value of a digit, ANY, or -1. */
static int digit_value(char c, bool with_mask)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* to lower case */
	if (c == 'x' && with_mask)
		return ANY;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put(struct script_bytes *bytes, int high, int low)
{
	uint8_t mask = (high == ANY ? 0 : 0xf0) | (low == ANY ? 0 : 0x0f);

	bytes->bytes[bytes->len] = (high << 4 | (low & 0xf)) & mask;
	if (bytes->mask)
		bytes->mask[bytes->len] = mask;
	bytes->len++;
}

/* Returns true if a keyword, or the end, is at @text. */
static bool ends_at(const char *text)
{
	static const char *const words[] = { "cs", "duplex" };
	size_t len = strcspn(text, BLANKS);

	if (len == 0)
		return true;
	/* Keywords that begin with a hex digit */
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && !strncmp(text, words[i], len))
			return true;
	return digit_value(text[0], true) < 0;
}

/* Takes one word. Returns a negative errno, with *@text at the mistake. */
static int take_word(char **text, bool with_mask, struct script_bytes *bytes)
{
	while (**text && !strchr(BLANKS, **text)) {
		int high = digit_value((*text)[0], with_mask);
		int low = high < 0 ? -1 : digit_value((*text)[1], with_mask);

		if (low < 0)
			return -EINVAL;
		put(bytes, high, low);
		*text += 2;
	}
	return 0;
}

int script_bytes_take(char **text, bool with_mask, struct script_bytes *bytes)
{
	size_t room = strlen(*text) / 2 + 1;
	int err = 0;

	*bytes = (struct script_bytes){ .bytes = malloc(room) };
	if (with_mask)
		bytes->mask = malloc(room);
	if (!bytes->bytes || (with_mask && !bytes->mask))
		err = -ENOMEM;
	while (!err) {
		*text += strspn(*text, BLANKS);
		if (ends_at(*text))
			break;
		err = take_word(text, with_mask, bytes);
	}
	if (!err && bytes->len == 0)
		err = -EINVAL;
	if (err) {
		free(bytes->bytes);
		free(bytes->mask);
	}
	return err;
}

int script_parse_time(const char *text, uint64_t *ns, const char **why)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "s", NS_PER_S },
		      { "ms", NS_PER_MS },
		      { "us", NS_PER_US },
		      { "ns", 1 } };
	size_t digits = strspn(text, "0123456789");
	uint64_t number = strtoull(text, NULL, 10);

	*why = "not a time, such as 10ms";
	if (digits == 0)
		return -EINVAL;
	for (unsigned int i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].name) != 0)
			continue;
		*why = "more than an hour";
		if (number > MAX_TIME_NS / units[i].ns)
			return -EINVAL;
		*ns = number * units[i].ns;
		return 0;
	}
	return -EINVAL;
}
