/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/xfer_parse.h"

#include <bsd/stdlib.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Reads to the end of the file, at most @size bytes. Returns how many. */
static ssize_t read_all(int fd, uint8_t *bytes, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, bytes + len, size - len);

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

	*bytes = malloc((size_t)max + 1);
	if (!*bytes) {
		*why = "out of memory";
		return -ENOMEM;
	}
	n = read_all(fd, *bytes, (size_t)max + 1);
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
