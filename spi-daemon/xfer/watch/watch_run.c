/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/watch/watch_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/xfer/link/xfer_report.h"
#include "spi-daemon/xfer/watch/watch_stats.h"
#include "spi-daemon/xfer/watch/watch_view.h"

#define CLEAR	     "\033[H\033[J"
#define DEFAULT_ROWS 24
#define HEADING	     2 /* lines */

/*
 * The daemon writes the file at most once per second, and not while nothing
 * happens. So two files are a second apart at least, and if they are more than
 * this apart, nothing happened until the second before the later one.
 */
#define MAX_SECONDS 1.5

struct watch {
	const char *path;
	bool terminal, keys;
	struct termios termios; /* as it was */
	struct watch_stats before, now;
	bool has_before, has_now;
	double seconds; /* between the two */
	uint64_t found; /* when ->now was found, clock_now() */
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/* No echo, and no line to be ended, for the q. */
static void begin_terminal(struct watch *watch)
{
	struct termios termios;

	watch->terminal = isatty(STDOUT_FILENO);
	watch->keys = watch->terminal &&
		      tcgetattr(STDIN_FILENO, &watch->termios) == 0;
	if (!watch->keys)
		return;
	termios = watch->termios;
	termios.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &termios);
}

static void end_terminal(const struct watch *watch)
{
	if (watch->keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &watch->termios);
}

static double seconds_between(struct timespec a, struct timespec b)
{
	double seconds = (double)(b.tv_sec - a.tv_sec) +
			 (double)(b.tv_nsec - a.tv_nsec) / 1e9;

	return seconds > 0 && seconds < MAX_SECONDS ? seconds : 1;
}

static void forget(struct watch_stats *stats, bool *has)
{
	if (*has)
		watch_stats_free(stats);
	*has = false;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* What the figures are compared with; NULL: there is nothing yet. */
static const struct watch_stats *compared(const struct watch *watch)
{
	/* Nothing was written for a while, as nothing happened. */
	if ((double)(clock_now() - watch->found) > MAX_SECONDS * NS_PER_S)
		return &watch->now;
	return watch->has_before ? &watch->before : NULL;
}

static int read_file(struct watch *watch, FILE *file)
{
	struct watch_stats stats;
	struct stat st;
	int err;

	if (fstat(fileno(file), &st))
		return -errno;
	if (watch->has_now && same_time(st.st_mtim, watch->now.time))
		return 0;
	err = watch_stats_read(&stats, file);
	if (err)
		return err;
	stats.time = st.st_mtim;
	forget(&watch->before, &watch->has_before);
	if (watch->has_now) {
		watch->before = watch->now;
		watch->has_before = true;
		watch->seconds =
			seconds_between(watch->before.time, stats.time);
	}
	watch->now = stats;
	watch->has_now = true;
	watch->found = clock_now();
	return 0;
}

static int look(struct watch *watch)
{
	FILE *file = fopen(watch->path, "re");
	int err;

	if (!file)
		return -errno;
	err = read_file(watch, file);
	fclose(file);
	return err;
}

static unsigned int screen_rows(void)
{
	const char *lines = getenv("LINES");
	int rows = lines ? atoi(lines) : 0;

	return rows > 0 ? rows : DEFAULT_ROWS;
}

static void show(struct watch *watch, int err)
{
	char time[32] = "";
	struct tm tm;
	time_t now = watch->now.time.tv_sec;

	if (watch->terminal)
		fputs(CLEAR, stdout);
	if (err) {
		printf("%s: %s\n", watch->path, strerror(-err));
	} else {
		if (localtime_r(&now, &tm))
			strftime(time, sizeof(time), "%F %T", &tm);
		printf("vhost-device-spi %s, %s, written %s\n\n",
		       watch->now.version, watch->path, time);
		watch_view_print(
			stdout, compared(watch), &watch->now, watch->seconds,
			watch->terminal ? screen_rows() - HEADING - 1 : 0);
	}
	if (!watch->terminal)
		putchar('\n');
	fflush(stdout);
}

/* Waits for a second. Returns false if it is time to end. */
static bool await(const struct watch *watch)
{
	uint64_t deadline = clock_now() + NS_PER_S;
	struct pollfd pollfd = {
		.fd = watch->keys ? STDIN_FILENO : -1,
		.events = POLLIN,
	};

	while (!ended) {
		struct timespec left = clock_left(clock_now(), deadline);
		int n = ppoll(&pollfd, 1, &left, NULL);
		char key;

		if (n == 0)
			return true;
		if (n > 0 && read(STDIN_FILENO, &key, 1) <= 0)
			pollfd.fd = -1; /* nobody types any more */
		else if (n > 0 && key == 'q')
			return false;
	}
	return false;
}

int watch_run(const char *path)
{
	const struct sigaction action = { .sa_handler = end };
	struct watch watch = { .path = path };
	int err = look(&watch);

	if (err) {
		xfer_report("%s: %s", path, strerror(-err));
		return XFER_EXIT_USAGE;
	}
	if (!*watch.now.version) {
		xfer_report("%s: is not a file of --stats=", path);
		forget(&watch.now, &watch.has_now);
		return XFER_EXIT_USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	begin_terminal(&watch);
	show(&watch, 0);
	while (await(&watch))
		show(&watch, look(&watch));
	end_terminal(&watch);
	forget(&watch.before, &watch.has_before);
	forget(&watch.now, &watch.has_now);
	return XFER_EXIT_DONE;
}
