/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/guest_worker.h"
#include "spi-daemon/log.h"
#include "spi-daemon/supervisor.h"

struct supervisor {
	struct guest_worker *workers;
	unsigned int socket_count; /* workers with a socket */
	unsigned int thread_count; /* of these, with a thread */
	int quit;
};

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

static void explain(const char *path, int ret, char *error, size_t error_size)
{
	const char *why = ret == -EADDRINUSE ? "is served by another process"
			  : ret == -EEXIST   ? "is there, and is not a socket"
					     : strerror(-ret);

	snprintf(error, error_size, "--socket-path: %s: %s", path, why);
}

static void socket_name(const struct options *options, unsigned int index,
			char *path, size_t size)
{
	snprintf(path, size, "%s%u", options->socket_path, index);
}

/* All or none: no socket is made unless all can be. */
static int check_sockets(const struct options *options, char *error,
			 size_t error_size)
{
	char path[PATH_MAX];

	for (unsigned int i = 0; i < options->socket_count; i++) {
		int ret;

		socket_name(options, i, path, sizeof(path));
		ret = vhost_listen_check(path);
		if (ret < 0) {
			explain(path, ret, error, error_size);
			return ret;
		}
	}
	return 0;
}

static int open_sockets(struct supervisor *s, const struct options *options,
			struct pool *pool, char *error, size_t error_size)
{
	char path[PATH_MAX];

	for (unsigned int i = 0; i < options->socket_count; i++) {
		int ret;

		socket_name(options, i, path, sizeof(path));
		ret = guest_worker_init(&s->workers[i], i, path, pool,
					&options->without, s->quit);
		if (ret < 0) {
			explain(path, ret, error, error_size);
			return ret;
		}
		s->workers[i].service.replay = options->replay;
		s->socket_count++;
	}
	return 0;
}

static int start_threads(struct supervisor *s, char *error, size_t error_size)
{
	for (unsigned int i = 0; i < s->socket_count; i++) {
		int ret = guest_worker_start(&s->workers[i]);

		if (ret < 0) {
			snprintf(error, error_size, "guest %u: no thread: %s",
				 i, strerror(-ret));
			return ret;
		}
		s->thread_count++;
	}
	return 0;
}

static void stop_all(struct supervisor *s)
{
	eventfd_write(s->quit, 1);
	for (unsigned int i = 0; i < s->thread_count; i++)
		guest_worker_join(&s->workers[i]);
	for (unsigned int i = 0; i < s->socket_count; i++)
		guest_worker_fini(&s->workers[i]);
}

int supervisor_run(const struct options *options, struct pool *pool,
		   char *error, size_t error_size)
{
	struct supervisor s = { .quit = -1 };
	sigset_t signals;
	int ret, sig;

	block_signals(&signals);
	s.workers = calloc(options->socket_count, sizeof(*s.workers));
	s.quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = s.workers && s.quit >= 0 ? guest_mem_handle_sigbus() : -ENOMEM;
	if (ret < 0)
		strlcpy(error, strerror(-ret), error_size);
	else
		ret = check_sockets(options, error, error_size);
	if (!ret)
		ret = open_sockets(&s, options, pool, error, error_size);
	if (!ret)
		ret = start_threads(&s, error, error_size);
	if (!ret) {
		log_info("serving %u guest%s", s.socket_count,
			 s.socket_count == 1 ? "" : "s");
		sigwait(&signals, &sig);
		log_info("ending on %s", strsignal(sig));
	}
	stop_all(&s);
	close(s.quit);
	free(s.workers);
	return ret;
}
