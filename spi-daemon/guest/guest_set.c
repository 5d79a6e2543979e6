/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <bsd/string.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/startup/fds/fd_limit.h"
#include "spi-daemon/config/guest/guest_check.h"
#include "spi-daemon/guest/guest_set.h"
#include "spi-daemon/guest/guest_socket.h"
#include "spi-daemon/sandbox/sandbox.h"
#include "spi-daemon/system/log.h"
#include "vhost/keeper/link.h"

/*
 * Makes a guest with its devices, but without a socket. Takes the description
 * out of @spec.
 */
static int open_guest(struct guest_set *set, struct guest_spec *spec,
		      char *error, size_t error_size)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	char reason[400];
	int ret;

	if (!guest) {
		strlcpy(error, strerror(ENOMEM), error_size);
		return -ENOMEM;
	}
	ret = controller_open(&guest->controller, &set->pool, spec->devices,
			      reason, sizeof(reason));
	if (ret < 0) {
		snprintf(error, error_size, "guest %s: %s", spec->name, reason);
		free(guest);
		return ret;
	}
	ret = controller_keep_shown(&guest->controller, spec->name);
	if (ret < 0)
		log_warning("guest %s: after a crash its chips with cs=auto "
			    "are framed as linux: %s",
			    spec->name, strerror(-ret));
	guest->spec = *spec;
	*spec = (struct guest_spec){ .name = NULL };
	set->guests[set->count++] = guest;
	return 0;
}

static int listen_guest(struct guest_set *set, struct guest *guest, char *error,
			size_t error_size)
{
	int ret = guest_worker_init(&guest->worker, &guest->spec,
				    &guest->controller, set->link, set->passed);

	if (ret < 0) {
		guest_socket_explain(guest->spec.socket, ret, error,
				     error_size);
		return ret;
	}
	guest->worker.watchdog.watcher = &set->watcher;
	guest->listens = true;
	guest_socket_set_alias(&guest->worker, &guest->spec, set->link);
	return 0;
}

static int start_guest(struct guest *guest, char *error, size_t error_size)
{
	int ret = guest_worker_start(&guest->worker);

	if (ret < 0)
		snprintf(error, error_size, "guest %s: no thread: %s",
			 guest->spec.name, strerror(-ret));
	else
		guest->runs = true;
	return ret;
}

static void close_guest(struct guest *guest)
{
	if (guest->runs)
		guest_worker_join(&guest->worker);
	if (guest->listens)
		guest_worker_fini(&guest->worker);
	controller_close(&guest->controller);
	guest_spec_free(&guest->spec);
	free(guest);
}

/* All together, so that they take the time of the slowest. */
static void quit_guest(struct guest *guest)
{
	if (guest->runs)
		guest_worker_quit(&guest->worker);
}

static bool is_ours(const struct guest_set *set, const char *socket)
{
	for (unsigned int i = 0; i < set->count; i++)
		if (!strcmp(set->guests[i]->spec.socket, socket))
			return true;
	return false;
}

/* All that can go wrong with @spec, as far as it can be told in advance. */
static int check_guest(const struct guest_set *set,
		       const struct guest_spec *spec, char *error,
		       size_t error_size)
{
	int ret = controller_check(spec, error, error_size);

	if (ret || spec->origin == VHOST_FROM_LISTENER ||
	    is_ours(set, spec->socket))
		return ret;
	if (set->link >= 0)
		ret = keeper_link_check(set->link, spec->origin, spec->socket);
	else if (spec->origin == VHOST_FROM_FILE)
		ret = vhost_listen_check(spec->socket);
	else
		ret = passed_fds_get(set->passed, spec->socket, true);
	if (ret < 0)
		guest_socket_explain(spec->socket, ret, error, error_size);
	return ret;
}

static int check_guests(const struct guest_set *set,
			const struct options *options, char *error,
			size_t error_size)
{
	int ret = fd_limit_raise(options->guest_count, error, error_size);

	if (!ret && error[0])
		log_warning("%s", error);
	for (unsigned int i = 0; !ret && i < options->guest_count; i++)
		ret = check_guest(set, &options->guests[i], error, error_size);
	return ret;
}

/* The pool of a process that a keeper has started. */
static int follow(struct guest_set *set, char *error, size_t error_size)
{
	const struct pool_memory memory = { keeper_link_memory, set->link };
	struct keeper_history history;
	int ret = keeper_link_history(set->link, &history);

	if (ret) {
		snprintf(error, error_size, "the keeper: %s", strerror(-ret));
		return ret;
	}
	pool_set_memory(&set->pool, &memory);
	pool_set_follows(&set->pool, history.processes > 1);
	return 0;
}

static int change_traces(struct guest_set *set, const struct options *options,
			 char *error, size_t error_size)
{
	return pool_change_traces(&set->pool, options->traces,
				  options->trace_count, options->trace_size,
				  error, error_size);
}

int guest_set_start(struct guest_set *set, struct options *options, int link,
		    struct passed_fds *passed, char *error, size_t error_size)
{
	int ret = 0;

	*set = (struct guest_set){
		.link = link,
		.passed = passed,
		.watcher.thread = pthread_self(),
	};
	pool_init(&set->pool);
	if (link >= 0)
		ret = follow(set, error, error_size);
	if (!ret)
		ret = check_guests(set, options, error, error_size);
	if (!ret)
		ret = change_traces(set, options, error, error_size);
	for (unsigned int i = 0; !ret && i < options->guest_count; i++)
		ret = open_guest(set, &options->guests[i], error, error_size);
	for (unsigned int i = 0; !ret && i < set->count; i++)
		ret = listen_guest(set, set->guests[i], error, error_size);
	for (unsigned int i = 0; !ret && i < set->count; i++)
		ret = start_guest(set->guests[i], error, error_size);
	/* After a crash or an upgrade all is where it was. */
	for (unsigned int i = 0; !ret && !set->pool.follows && i < set->count;
	     i++)
		guest_socket_tell(&set->guests[i]->spec, "");
	pool_set_follows(&set->pool, false);
	if (ret < 0)
		guest_set_stop(set);
	return ret;
}

bool guest_set_look(struct guest_set *set)
{
	bool worked = false;

	for (unsigned int i = 0; i < set->count; i++)
		if (set->guests[i]->runs)
			worked |= guest_worker_look(&set->guests[i]->worker);
	return worked;
}

bool guest_set_rest(struct guest_set *set)
{
	bool rests = true;

	/* Before the threads are looked at: see watchdog_work(). */
	atomic_store(&set->watcher.rests, true);
	for (unsigned int i = 0; rests && i < set->count; i++)
		rests = watchdog_rests(&set->guests[i]->worker.watchdog);
	if (!rests)
		atomic_store(&set->watcher.rests, false);
	return rests;
}

bool guest_set_is_over(const struct guest_set *set)
{
	for (unsigned int i = 0; i < set->count; i++)
		if (!atomic_load(&set->guests[i]->worker.is_over))
			return false;
	return set->count;
}

void guest_set_stop(struct guest_set *set)
{
	for (unsigned int i = 0; i < set->count; i++) {
		/* The process ends, and not its guests, if another follows. */
		if (set->link >= 0)
			vhost_listen_leave(&set->guests[i]->worker.listener);
		quit_guest(set->guests[i]);
	}
	while (set->count)
		close_guest(set->guests[--set->count]);
	pool_fini(&set->pool);
}

/* The guest goes on; traces of its chips may be others now. */
static int take_traces(struct guest_set *set, const struct guest *guest,
		       const struct guest_spec *spec)
{
	for (unsigned int i = 0; i < spec->devices->count; i++) {
		struct device_spec *old = &guest->spec.devices->specs[i];
		const char *path = spec->devices->specs[i].trace;
		char *copy = path ? strdup(path) : NULL;

		if (path && !copy)
			return -ENOMEM;
		if (!strcmp(path ? path : "", old->trace ? old->trace : "")) {
			free(copy);
			continue;
		}
		free(old->trace);
		old->trace = copy;
		pool_change_own_trace(&set->pool,
				      guest->controller.chips[i].handle, old);
	}
	return 0;
}

/* The guest goes on; its socket may have another second name now. */
static void take_alias(struct guest_set *set, struct guest *guest,
		       struct guest_spec *spec)
{
	char *old = guest->spec.alias;

	if (!strcmp(spec->alias ? spec->alias : "", old ? old : ""))
		return;
	guest->spec.alias = spec->alias;
	spec->alias = old;
	guest_socket_set_alias(&guest->worker, &guest->spec, set->link);
}

/* Takes the description that is equal to @guest's out of @options. */
static bool is_described(struct guest_set *set, struct guest *guest,
			 struct options *options)
{
	for (unsigned int i = 0; i < options->guest_count; i++) {
		struct guest_spec *spec = &options->guests[i];

		if (spec->name && guest_spec_equal(spec, &guest->spec) &&
		    !take_traces(set, guest, spec)) {
			take_alias(set, guest, spec);
			guest_spec_free(spec);
			return true;
		}
	}
	return false;
}

/* Moves those who have to go behind the others; returns how many stay. */
static unsigned int choose(struct guest_set *set, struct options *options)
{
	unsigned int stay = 0;

	for (unsigned int i = 0; i < set->count; i++) {
		struct guest *guest = set->guests[i];

		if (!is_described(set, guest, options))
			continue;
		set->guests[i] = set->guests[stay];
		set->guests[stay++] = guest;
	}
	return stay;
}

static void add_guest(struct guest_set *set, struct guest_spec *spec)
{
	char error[512];
	struct guest *guest;
	int ret = open_guest(set, spec, error, sizeof(error));

	if (ret < 0) {
		log_error("%s", error);
		return;
	}
	guest = set->guests[set->count - 1];
	ret = listen_guest(set, guest, error, sizeof(error));
	if (!ret)
		ret = start_guest(guest, error, sizeof(error));
	if (ret < 0) {
		log_error("%s", error);
		close_guest(guest);
		set->count--;
		return;
	}
	guest_socket_tell(&guest->spec, " from now on,");
}

int guest_set_change(struct guest_set *set, struct options *options,
		     char *error, size_t error_size)
{
	int ret = check_guests(set, options, error, error_size);
	unsigned int stay;

	if (!ret)
		ret = sandbox_check(options, error, error_size);
	if (!ret)
		ret = change_traces(set, options, error, error_size);
	if (ret)
		return ret;
	stay = choose(set, options);
	for (unsigned int i = stay; i < set->count; i++)
		quit_guest(set->guests[i]);
	while (set->count > stay) {
		struct guest *guest = set->guests[--set->count];

		log_info("guest %s: is served no more", guest->spec.name);
		close_guest(guest);
	}
	for (unsigned int i = 0; i < options->guest_count; i++)
		if (options->guests[i].name)
			add_guest(set, &options->guests[i]);
	return 0;
}
