/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spi-daemon/guest_set.h"
#include "spi-daemon/log.h"
#include "spi-daemon/notify.h"
#include "spi-daemon/supervisor.h"
#include "virtio/guest_mem.h"

/* Blocked before any thread is made, so that only we get them. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	/* A front end that closed its end is an error of write(2), no more. */
	signal(SIGPIPE, SIG_IGN);
}

static void describe(const struct guest_set *set, char *text, size_t size)
{
	snprintf(text, size, "serving %u guest%s", set->count,
		 set->count == 1 ? "" : "s");
}

static void reload(struct guest_set *set, int argc, char **argv)
{
	struct options options;
	char error[512], status[64];
	int ret;

	notify_reloading();
	ret = options_parse(argc, argv, &options, error, sizeof(error));
	if (!ret) {
		ret = guest_set_change(set, &options, error, sizeof(error));
		options_free(&options);
	}
	describe(set, status, sizeof(status));
	if (ret)
		log_error("nothing was changed: %s", error);
	else
		log_info("configuration read, %s", status);
	notify_ready(ret ? "nothing was changed: see the log" : status);
}

/* Returns the next signal, and looks after the guests until it comes. */
static int wait_for_signal(struct guest_set *set, const sigset_t *signals)
{
	static const struct timespec second = { .tv_sec = 1 };
	int sig;

	while ((sig = sigtimedwait(signals, NULL, &second)) < 0)
		guest_set_look(set);
	return sig;
}

int supervisor_run(struct options *options, int argc, char **argv,
		   struct launch *launch, char *error, size_t error_size)
{
	struct guest_set set;
	char status[64];
	sigset_t signals;
	int ret, sig;

	block_signals(&signals);
	ret = guest_mem_handle_sigbus();
	if (ret < 0) {
		strlcpy(error, strerror(-ret), error_size);
		return ret;
	}
	ret = guest_set_start(&set, options, error, error_size);
	if (ret < 0)
		return ret;
	describe(&set, status, sizeof(status));
	log_info("%s", status);
	launch_ready(launch, status);
	while ((sig = wait_for_signal(&set, &signals)) == SIGHUP)
		reload(&set, argc, argv);
	log_info("ending on %s", strsignal(sig));
	notify_stopping();
	guest_set_stop(&set);
	return 0;
}
