/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A guest with a sandbox for the process that serves it, tried in children */
#ifndef TEST_SANDBOX_WORLD_H
#define TEST_SANDBOX_WORLD_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spi-daemon/sandbox/sandbox.h"
#include "spi-daemon/system/log.h"
#include "tests/lib/test.h"

struct world {
	char dir[32];
	char other[32]; /* a directory that no option names */
	struct options options;
};

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char text[256], error[256];

	*state = w;
	assert_non_null(w);
	strcpy(w->dir, "/tmp/test-sandbox-XXXXXX");
	strcpy(w->other, "/tmp/test-sandbox-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_non_null(mkdtemp(w->other));
	w->options.guests = calloc(1, sizeof(*w->options.guests));
	w->options.guest_count = 1;
	snprintf(text, sizeof(text),
		 "socket=%s/socket,device=sim:nor,file=%s/image", w->dir,
		 w->dir);
	if (guest_spec_parse(text, w->options.guests, error, sizeof(error)))
		fail_msg("%s", error);
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s/image", w->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/socket", w->dir);
	unlink(path);
	rmdir(w->dir);
	rmdir(w->other);
	options_free(&w->options);
	free(w);
	return 0;
}

/*
 * Runs @attempt in a sandbox that @enter makes. Returns how that process ends,
 * see wait(2).
 */
static inline int try_in(void (*enter)(const struct options *),
			 const struct world *w,
			 int (*attempt)(const struct world *))
{
	pid_t child = fork();
	int status;

	if (!child) {
		log_set_level(LOG_LEVEL_ERROR);
		signal(SIGSYS, SIG_DFL); /* cmocka has one */
		enter(&w->options);
		_exit(attempt(w));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* /proc/self/status, opened before the process could not any more */
static FILE *status_file;

static inline void enter_kept(const struct options *options)
{
	status_file = fopen("/proc/self/status", "re");
	if (sandbox_enter(options, true))
		_exit(95);
}

static inline void enter_alone(const struct options *options)
{
	status_file = fopen("/proc/self/status", "re");
	if (sandbox_enter(options, false))
		_exit(95);
}

static inline int try(const struct world *w,
		      int (*attempt)(const struct world *))
{
	return try_in(enter_alone, w, attempt);
}

static inline void expect_sigsys(const char *what, int status)
{
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg("%s: status %x", what, status);
}

#endif
