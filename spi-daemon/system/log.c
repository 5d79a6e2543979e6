/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "spi-daemon/system/log.h"

#define NAME	     "vhost-device-spi"
#define PREFIX	     NAME ": "
#define CUT_OFF	     "..."

#define TEXT_MAX     1000 /* with the NUL */
#define ESCAPE_LEN   4	  /* \xNN */
#define LINE_MAX_LEN (sizeof(PREFIX CUT_OFF "\n") + ESCAPE_LEN * TEXT_MAX)

/* A longer write(2) to a pipe may mix with those of others. */
static_assert(LINE_MAX_LEN <= PIPE_BUF, "a line must be written whole");

static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static enum log_level log_level = LOG_LEVEL_INFO;
static bool log_syslog;
static bool log_journal;
/* With log_syslog only. Cleared while threads run. */
static atomic_bool log_repeat_errors;

static void call_syslog(int priority, const char *text)
{
	syslog(priority, "%s", text);
}

static void (*write_syslog)(int priority, const char *text) = call_syslog;

void log_set_level(enum log_level level)
{
	log_level = level;
}

bool log_find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	/* The variable is inherited even if stderr was redirected. */
	log_journal = stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
		      !fstat(STDERR_FILENO, &st) && st.st_dev == dev &&
		      st.st_ino == ino;
	return log_journal;
}

void log_to_syslog(void)
{
	openlog(NAME, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_syslog = true;
	log_repeat_errors = true;
}

void log_to_syslog_by(void (*write)(int priority, const char *text))
{
	write_syslog = write;
}

void log_close_syslog(void)
{
	closelog();
}

void log_open_syslog_of(pid_t pid)
{
	static char name[sizeof(NAME) + 16];

	snprintf(name, sizeof(name), NAME "[%d]", (int)pid);
	openlog(name, 0, LOG_DAEMON);
}

void log_started(void)
{
	log_repeat_errors = false;
}

/*
 * Appends @text to the @len bytes in @line. Returns the new length. Bytes above
 * 7Eh are escaped too: 80h to 9Fh are terminal controls.
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

static void write_line(const char *line, size_t len)
{
	ssize_t written;

	do {
		written = write(STDERR_FILENO, line, len);
	} while (written < 0 && errno == EINTR);
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char text[TEXT_MAX];
	char line[LINE_MAX_LEN];
	size_t prefix, len;
	va_list args;
	int wanted;

	if (level > log_level)
		return;
	va_start(args, format);
	wanted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The journal adds the name, and removes the priority. */
	prefix = append(line, 0, log_journal ? "<3>" : PREFIX);
	if (log_journal)
		line[1] = (char)('0' + priorities[level]);
	len = append(line, prefix, wanted < 0 ? "(unprintable)" : text);
	if (wanted >= TEXT_MAX)
		len = append(line, len, CUT_OFF);
	line[len] = '\0';
	if (log_syslog)
		write_syslog(priorities[level], line + prefix);
	line[len++] = '\n';
	if (!log_syslog || (level == LOG_LEVEL_ERROR && log_repeat_errors))
		write_line(line, len);
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
		*suppressed = log_limit_end(limit);
	}
	return true;
}

unsigned int log_limit_end(struct log_limit *limit)
{
	unsigned int suppressed = limit->suppressed;

	limit->suppressed = 0;
	return suppressed;
}
