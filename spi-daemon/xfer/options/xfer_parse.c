/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/options/xfer_parse.h"

#include <bsd/stdlib.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_SIZE 65536 /* of the buffer for a file */

int xfer_parse_number(const char *text, uint32_t min, uint32_t max,
		      uint32_t *value, const char **why)
{
	long long number;

	/* strtonum() takes leading space and a sign. */
	if (!isdigit((unsigned char)text[0])) {
		*why = "not a number";
		return -EINVAL;
	}
	number = strtonum(text, min, max, why);
	if (*why) {
		if (!strcmp(*why, "invalid"))
			*why = "not a number";
		return -EINVAL;
	}
	*value = number;
	return 0;
}

int xfer_parse_speed(const char *text, uint32_t *value, const char **why)
{
	size_t digits = strspn(text, "0123456789");
	char number[16];
	uint32_t unit = 1;
	int err;

	if (text[digits] == 'k')
		unit = 1000;
	else if (text[digits] == 'M')
		unit = 1000000;
	else if (text[digits])
		digits = 0;
	if (digits == 0 || digits >= sizeof(number) ||
	    (unit > 1 && text[digits + 1])) {
		*why = "not a speed in Hz, such as 500k or 10M";
		return -EINVAL;
	}
	memcpy(number, text, digits);
	number[digits] = '\0';
	err = xfer_parse_number(number, 1, UINT32_MAX / unit, value, why);
	if (!err)
		*value *= unit;
	return err;
}

int xfer_parse_rate(const char *text, uint64_t *period_ns, const char **why)
{
	size_t whole = strspn(text, "0123456789"), places = 0;
	uint64_t milli;

	if (text[whole] == '.')
		places = strspn(text + whole + 1, "0123456789");
	if (whole == 0 || whole > 7 || places > 3 ||
	    text[whole + (text[whole] == '.') + places]) {
		*why = "not a number of times per second";
		return -EINVAL;
	}
	milli = strtoull(text, NULL, 10) * 1000;
	for (size_t i = 0, unit = 100; i < places; i++, unit /= 10)
		milli += (text[whole + 1 + i] - '0') * unit;
	if (milli == 0 || milli > UINT64_C(1000000000)) {
		*why = "not 0.001 to 1000000 per second";
		return -EINVAL;
	}
	*period_ns = UINT64_C(1000000000000) / milli;
	return 0;
}

int xfer_parse_size(const char *text, uint32_t min, uint32_t *value,
		    const char **why)
{
	bool hex = text[0] == '0' && text[1] == 'x';
	const char *digits = hex ? text + 2 : text;
	unsigned long long number;
	unsigned int shift = 0;
	char *end;

	*why = "not a number of bytes, such as 4096, 64k or 0x10000";
	if (!isxdigit((unsigned char)digits[0]))
		return -EINVAL;
	errno = 0;
	number = strtoull(digits, &end, hex ? 16 : 10);
	if (!hex && (*end == 'k' || *end == 'M'))
		shift = *end++ == 'k' ? 10 : 20;
	if (end == digits || *end)
		return -EINVAL;
	if (errno || number > UINT32_MAX >> shift || number << shift < min) {
		*why = "out of range";
		return -EINVAL;
	}
	*value = number << shift;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* to lower case */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_bytes(const char *text, uint8_t *bytes, uint32_t *len)
{
	uint32_t n = 0;

	for (; *text; text++) {
		int high = hex_digit(text[0]);
		int low;

		if (*text == ' ')
			continue;
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		bytes[n++] = high << 4 | low;
		text++;
	}
	*len = n;
	return n > 0 ? 0 : -EINVAL;
}

int xfer_parse_hex(const char *text, uint8_t **bytes, uint32_t *len,
		   const char **why)
{
	int err;

	*bytes = malloc(strlen(text) / 2 + 1);
	if (!*bytes) {
		*why = "out of memory";
		return -ENOMEM;
	}
	err = parse_bytes(text, *bytes, len);
	if (err) {
		*why = "not bytes in hex, such as \"9f 00\"";
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}

/* Makes room for more, up to @max bytes. Returns 0, or -ENOMEM. */
static int grow(uint8_t **bytes, size_t *size, size_t max)
{
	size_t larger = *size ? 2 * *size : FIRST_SIZE;
	uint8_t *new_bytes;

	if (larger > max)
		larger = max;
	new_bytes = realloc(*bytes, larger);
	if (!new_bytes)
		return -ENOMEM;
	*bytes = new_bytes;
	*size = larger;
	return 0;
}

/* Reads to the end of the file, at most @max bytes. Returns how many. */
static ssize_t read_all(int fd, uint8_t **bytes, size_t max)
{
	size_t len = 0, size = 0;

	while (len < max) {
		ssize_t n;

		if (len == size && grow(bytes, &size, max))
			return -ENOMEM;
		n = read(fd, *bytes + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += n;
	}
	return len;
}

static int read_open_file(int fd, uint32_t max, uint8_t **bytes, uint32_t *len,
			  const char **why)
{
	ssize_t n;

	*bytes = NULL;
	n = read_all(fd, bytes, (size_t)max + 1);
	if (n > 0 && (size_t)n <= max) {
		*len = (uint32_t)n;
		return 0;
	}
	free(*bytes);
	*bytes = NULL;
	if (n < 0) {
		*why = strerror((int)-n);
		return (int)n;
	}
	*why = n == 0 ? "empty" : "too large";
	return -EINVAL;
}

int xfer_read_file(const char *path, uint32_t max, uint8_t **bytes,
		   uint32_t *len, const char **why)
{
	int err, fd;

	if (!strcmp(path, "-"))
		return read_open_file(STDIN_FILENO, max, bytes, len, why);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		*why = strerror(-err);
		return err;
	}
	err = read_open_file(fd, max, bytes, len, why);
	close(fd);
	return err;
}
