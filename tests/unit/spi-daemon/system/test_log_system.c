/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The system log: syslog(3), and systemd's journal on stderr */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/system/log.h"
#include "tests/lib/host/mounts.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define TEXT_SIZE 1000
#define CANNOT	  77

static char syslog_text[TEXT_SIZE]; /* one line for each message */
static char stderr_text[TEXT_SIZE];

/* Makes a /dev with a syslogd in it. Returns its socket, or -1. */
static int make_dev_log(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, "/dev/log");
	if (mounts_make_private() < 0 ||
	    mount("tmpfs", "/dev", "tmpfs", 0, NULL) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -1;
	return fd;
}

/* Writes the messages that @syslogd received to @out, a line each. */
static void pass_on(int syslogd, int out)
{
	char line[300];
	ssize_t len;

	while ((len = recv(syslogd, line, sizeof(line) - 1, 0)) > 0) {
		line[len++] = '\n';
		if (write(out, line, (size_t)len) < 0)
			_exit(98);
	}
}

static void read_all(const char *path, char *text)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, TEXT_SIZE - 1, file)] = '\0';
	fclose(file);
}

/*
 * Runs @log_something in a process with a syslogd. Fills syslog_text and
 * stderr_text, and returns the exit status.
 */
static int run(void (*log_something)(void))
{
	char dir[96], out[128], err[128];
	int status;
	pid_t pid;

	assert_int_equal(process_make_dir(dir, sizeof(dir)), 0);
	snprintf(out, sizeof(out), "%s/syslog", dir);
	snprintf(err, sizeof(err), "%s/stderr", dir);
	close(creat(out, 0600));
	close(creat(err, 0600));
	pid = fork();
	if (!pid) {
		int to = open(out, O_WRONLY);
		int syslogd = make_dev_log();

		if (syslogd < 0)
			_exit(CANNOT);
		dup2(open(err, O_WRONLY), STDERR_FILENO);
		log_something();
		pass_on(syslogd, to);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_all(out, syslog_text);
	read_all(err, stderr_text);
	process_remove_dir(dir);
	return WEXITSTATUS(status);
}

static void run_or_skip(void (*log_something)(void))
{
	int status = run(log_something);

	if (status == CANNOT) {
		skip_because("cannot mount a /dev, for syslog");
	}
	assert_int_equal(status, 0);
}

/* "<PRIORITY>Mmm dd hh:mm:ss vhost-device-spi[PID]: TEXT" */
static void expect_syslog(const char *const *lines)
{
	char *rest = syslog_text;
	char *line;

	for (; *lines; lines++) {
		char expected[100], got[100];
		int priority;
		char *text;

		line = strsep(&rest, "\n");
		assert_non_null(rest);
		assert_int_equal(sscanf(line, "<%d>", &priority), 1);
		text = strstr(line, "vhost-device-spi[");
		assert_non_null(text);
		snprintf(expected, sizeof(expected), "%s", *lines);
		snprintf(got, sizeof(got), "%d %s", priority & 7,
			 strchr(text, ' ') + 1);
		assert_string_equal(got, expected);
		assert_int_equal(priority >> 3, 3); /* LOG_DAEMON */
	}
	assert_string_equal(rest, "");
}

static void log_all_levels(void)
{
	log_set_level(LOG_LEVEL_DEBUG);
	log_to_syslog();
	log_started();
	log_error("e");
	log_warning("w%d", 1);
	log_info("two\nlines %%s");
	log_debug("d");
}

TEST(syslog_has_the_priorities)
{
	static const char *const lines[] = { "3 e", "4 w1",
					     "6 two\\x0alines %s", "7 d",
					     NULL };

	run_or_skip(log_all_levels);
	expect_syslog(lines);
	assert_string_equal(stderr_text, "");
}

static void fail_to_start(void)
{
	log_to_syslog();
	log_info("i");
	log_error("no such device");
}

TEST(error_at_the_start_is_on_stderr_too)
{
	static const char *const lines[] = { "6 i", "3 no such device", NULL };

	run_or_skip(fail_to_start);
	expect_syslog(lines);
	assert_string_equal(stderr_text, "vhost-device-spi: no such device\n");
}

/* What systemd sets when it connects stderr to its journal */
static void set_stream(int off)
{
	char stream[64];
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		_exit(98);
	snprintf(stream, sizeof(stream), "%llu:%llu",
		 (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino + (unsigned int)off);
	setenv("JOURNAL_STREAM", stream, 1);
}

static void log_to_journal(void)
{
	set_stream(0);
	log_set_level(LOG_LEVEL_DEBUG);
	if (!log_find_journal())
		_exit(1);
	log_error("<e>");
	log_warning("w");
	log_info("i");
	log_debug("d");
}

TEST(journal_gets_priorities_instead_of_the_name)
{
	run_or_skip(log_to_journal);
	assert_string_equal(stderr_text, "<3><e>\n<4>w\n<6>i\n<7>d\n");
	assert_string_equal(syslog_text, "");
}

static void log_elsewhere(void)
{
	unsetenv("JOURNAL_STREAM");
	if (log_find_journal())
		_exit(1);
	setenv("JOURNAL_STREAM", "nonsense", 1);
	if (log_find_journal())
		_exit(2);
	set_stream(1);
	if (log_find_journal())
		_exit(3);
	log_info("i");
}

TEST(journal_of_another_stream_is_not_ours)
{
	run_or_skip(log_elsewhere);
	assert_string_equal(stderr_text, "vhost-device-spi: i\n");
}

TEST_MAIN(NULL, NULL)
