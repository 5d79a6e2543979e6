/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "spi-daemon/log.h"

#define PREFIX	     "vhost-device-spi: "
#define CUT_OFF	     "..."

#define TEXT_MAX     1000 /* with the NUL */
#define ESCAPE_LEN   4	  /* \xNN */
#define LINE_MAX_LEN (sizeof(PREFIX CUT_OFF "\n") + ESCAPE_LEN * TEXT_MAX)

/* More than this in one write(2) can be torn apart on a pipe. */
static_assert(LINE_MAX_LEN <= PIPE_BUF, "a line must be written whole");

static enum log_level log_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	log_level = level;
}

/*
 * Appends @text to the @len bytes in @line, and returns their new number.
 * Bytes over 7Eh are escaped too: they hold a second set of terminal controls
 * (80h..9Fh), UTF-8 or not.
 */
static size_t append(char *line, size_t len, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c <= '~') {
			line[len++] = (char)c;
			continue;
		}
		line[len++] = '\\';
		line[len++] = 'x';
		line[len++] = hex[c >> 4];
		line[len++] = hex[c & 0xf];
	}
	return len;
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char text[TEXT_MAX];
	char line[LINE_MAX_LEN];
	size_t len;
	ssize_t written;
	va_list args;
	int wanted;

	if (level > log_level)
		return;
	va_start(args, format);
	wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = append(line, 0, PREFIX);
	len = append(line, len, wanted < 0 ? "(unprintable)" : text);
	if (wanted >= TEXT_MAX)
		len = append(line, len, CUT_OFF);
	line[len++] = '\n';
	do {
		written = write(STDERR_FILENO, line, len);
	} while (written < 0 && errno == EINTR);
	errno = saved_errno;
}

bool log_limit_ok(struct log_limit *limit, uint64_t now_ns,
		  unsigned int *suppressed)
{
	*suppressed = 0;
	if (now_ns - limit->since_ns >= LOG_LIMIT_BURST_NS)
		limit->lines = 0;
	if (limit->lines == LOG_LIMIT_LINES) {
		limit->suppressed++;
		return false;
	}
	if (limit->lines++ == 0) {
		limit->since_ns = now_ns;
		*suppressed = limit->suppressed;
		limit->suppressed = 0;
	}
	return true;
}
