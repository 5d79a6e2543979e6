/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Child processes of tests: they end with the test that started them, write
 * to a log, and are waited for with a deadline.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Milliseconds of the monotonic clock. */
int64_t process_now_ms(void);

void process_sleep_ms(int ms);

/*
 * Run argv[0] with its output in @log. The child gets SIGKILL when the thread
 * that called this ends. Returns the child's id or a negative errno.
 */
pid_t process_start(const char *const *argv, const char *log);

/*
 * Have programs that are started from now on load the library @name, which is
 * beside this program; NULL: none. Returns 0 or a negative errno.
 */
int process_preload(const char *name);

bool process_is_running(pid_t pid);

/* Stop a process, and return when no thread of it runs any more. */
void process_stop(pid_t pid);

/*
 * Wait up to @timeout_ms for the child to end, and reap it. Returns its exit
 * status, 128 + the signal that ended it, or -ETIMEDOUT.
 */
int process_wait(pid_t pid, int timeout_ms);

/* Show the last lines of a log on stderr. */
void process_show_log(const char *title, const char *log);

/*
 * Make a directory for sockets and logs; its name is short enough for a
 * socket in it. Returns 0 or a negative errno.
 */
int process_make_dir(char *dir, size_t size);

/* Remove the directory and the files in it; it has no subdirectories. */
void process_remove_dir(const char *dir);

#endif
