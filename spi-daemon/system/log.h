/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The daemon's messages, on stderr or in the system log. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO, /* the default: this and the above */
	LOG_LEVEL_DEBUG,
};

/* Drops messages above @level. Call before threads are started. */
void log_set_level(enum log_level level);

/*
 * Returns true if stderr is systemd's journal (JOURNAL_STREAM). From then on,
 * lines begin with their priority, as the journal expects: "<3>TEXT". Call
 * before threads are started.
 */
bool log_find_journal(void);

/*
 * Logs to syslog(3), under the daemon's name, from now on. Errors go to stderr
 * too, for whoever starts the daemon, until log_started(). Call before threads
 * are started.
 */
void log_to_syslog(void);

/*
 * Has @write called in place of syslog(3), by any thread. Call before threads
 * are started.
 */
void log_to_syslog_by(void (*write)(int priority, const char *text));

/* Closes the system log, for a process that was forked. */
void log_close_syslog(void);

/*
 * Opens the system log for the lines of process @pid, under the daemon's name.
 */
void log_open_syslog_of(pid_t pid);

/* The daemon has started: errors go to the system log alone. Any thread. */
void log_started(void);

/*
 * Each call writes one line, "vhost-device-spi: TEXT", with one write(2), so
 * that lines of different threads do not mix. Text may come from a guest: bytes
 * that are not printable ASCII are written as \xNN, and a long text is cut off.
 * A line that cannot be written is lost. errno does not change.
 */
#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Limits the lines that a guest can cause. For one thread; starts all zero. */
struct log_limit {
	uint64_t since_ns; /* when the current burst began */
	unsigned int lines;
	unsigned int suppressed;
};

#define LOG_LIMIT_LINES	   10
#define LOG_LIMIT_BURST_NS (UINT64_C(5) * 1000 * 1000 * 1000)

/*
 * Returns true if a line may be logged at @now_ns (monotonic): one of the first
 * LOG_LIMIT_LINES of a burst, which begins with its first line and lasts
 * LOG_LIMIT_BURST_NS. Stores in @suppressed how many lines were refused since
 * that was last told, for the caller to tell.
 */
bool log_limit_ok(struct log_limit *limit, uint64_t now_ns,
		  unsigned int *suppressed);

/*
 * Returns how many lines were refused since that was last told, for the caller
 * to tell when no line may follow.
 */
unsigned int log_limit_end(struct log_limit *limit);

#endif
