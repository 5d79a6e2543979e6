/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Runs the real daemon: the binary that the environment variable
 * VHOST_DEVICE_SPI names, or build/vhost-device-spi. It works in a directory
 * of its own, under $TMPDIR or /tmp, and dies with the test.
 *
 * An error in these functions fails the running cmocka test or fixture.
 */
#ifndef TEST_DAEMON_H
#define TEST_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DAEMON_PATH_MAX	  96
#define DAEMON_TIMEOUT_MS 60000

struct daemon {
	pid_t pid;		      /* 0: none is running */
	char dir[DAEMON_PATH_MAX];    /* removed by daemon_clean() */
	char socket[DAEMON_PATH_MAX]; /* the --socket-path in it */
	unsigned int sockets;
};

/* The daemon's binary. */
const char *daemon_binary(void);

/* Makes the directory. */
void daemon_init(struct daemon *d);

/*
 * Starts the daemon with the NULL-terminated @args and nothing else, and does
 * not wait for anything. Its output goes to files in the directory.
 */
void daemon_spawn(struct daemon *d, const char *const *args);

/*
 * Starts it on @sockets sockets, with @args besides, and waits until it
 * listens on all of them.
 */
void daemon_start(struct daemon *d, unsigned int sockets,
		  const char *const *args);

/* The path of socket @index; valid until the next call. */
const char *daemon_socket(const struct daemon *d, unsigned int index);

/* The path of file @name in the directory; valid until the next call. */
const char *daemon_file(const struct daemon *d, const char *name);

/* Returns true if a process listens on the socket at @path. */
bool daemon_listens(const char *path);

/* Waits for the end. Returns the exit status, or -signal. */
int daemon_wait(struct daemon *d);

/* Starts one with @args, which has to end with 1 and one line that has @text.
 */
void daemon_expect_refusal(struct daemon *d, const char *const *args,
			   const char *text);

/* Sends @signal, waits, and checks for exit status 0 and no socket left. */
void daemon_stop(struct daemon *d, int signal);

/* Kills it, if it runs, and removes the directory. */
void daemon_clean(struct daemon *d);

bool daemon_is_running(const struct daemon *d);

/* Fails the test unless the daemon is running. */
void daemon_check_alive(const struct daemon *d);

/* What it wrote, as a string; valid until the next call. */
const char *daemon_stdout(const struct daemon *d);
const char *daemon_stderr(const struct daemon *d);

/* Returns how often @text is in what daemon_stderr() returns. */
unsigned int daemon_count_log(const struct daemon *d, const char *text);

/* Waits until @text is there @count times, or more often. */
void daemon_wait_log(const struct daemon *d, const char *text,
		     unsigned int count);

/* Shows the last lines of its log on stderr. */
void daemon_show_log(const struct daemon *d);

/* The process that a daemon with --keeper has serve the guests; 0: none. */
pid_t daemon_child(const struct daemon *d);

/* The process that opens files for process @pid; 0: there is none. */
pid_t daemon_opener(pid_t pid);

/* How many processes it has started that have not been waited for. */
unsigned int daemon_children(const struct daemon *d);

/*
 * Returns true if all daemons run with --keeper, because the environment has
 * VHOST_KEEPER. What is counted is then the sum over both processes.
 */
bool daemon_is_kept(void);

/* The process that serves the guests, with a keeper or without. */
pid_t daemon_serving(const struct daemon *d);

unsigned int daemon_fds(const struct daemon *d);

/*
 * Waits until it has @count descriptors. A keeper closes those of a message
 * when it has passed the answer on.
 */
void daemon_expect_fds(const struct daemon *d, unsigned int count);

unsigned int daemon_threads(const struct daemon *d);

/* Memory of its own (not what guests share), KiB. */
unsigned long daemon_memory_kb(const struct daemon *d);

#endif
