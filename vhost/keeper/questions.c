/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/questions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost/keeper/guests.h"
#include "vhost/wire/pass_fd.h"

/* Adds *@guest if it is NULL, and makes its socket if it has none. */
static int get_socket(struct keeper *k, const struct keeper_ask *ask,
		      struct keeper_guest **guest)
{
	const bool is_new = !*guest;
	int ret;

	if (is_new)
		*guest = keeper_guest_new(k);
	if (!*guest)
		return -ENOMEM;
	ret = keeper_guest_listen(k, *guest, ask);
	if (ret && is_new) {
		k->guest_count--; /* it is the last */
		keeper_guest_free(*guest);
	}
	return ret;
}

/* The back end serves @ask->path from now on. Returns its end of the channel.
 */
static int listen_for(struct keeper *k, const struct keeper_ask *ask,
		      uint64_t now)
{
	struct keeper_guest *guest = keeper_guest_find(k, ask->path);
	int ends[2];
	int ret;

	if (guest && guest->channel >= 0)
		return -EADDRINUSE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, ends) < 0)
		return -errno;
	ret = get_socket(k, ask, &guest);
	if (ret) {
		close(ends[0]);
		close(ends[1]);
		return ret;
	}
	snprintf(guest->name, sizeof(guest->name), "%s", ask->name);
	guest->hidden = ask->hidden;
	guest->channel = ends[0];
	guest->listens = true;
	keeper_guest_connect(k, guest, now);
	return ends[1];
}

/*
 * All guests are served, after a start or a reload. While the back end is on
 * trial, the one before may still have to go on with all that it had.
 */
static void note_ready(struct keeper *k, const char *status)
{
	if (!k->ready && k->mode != KEEPER_TRIES)
		keeper_guests_settle(k);
	k->ready = true;
	k->ops->ready(k->opaque, status);
}

static int check(const struct keeper *k, const struct keeper_ask *ask)
{
	if (keeper_guest_find(k, ask->path))
		return 0;
	if (ask->origin == VHOST_FROM_FILE)
		return vhost_listen_check(ask->path);
	if (!k->ops->inherited)
		return -ENOENT;
	return k->ops->inherited(k->opaque, ask->path, true);
}

/* Gives a socket its second name, or takes it away. */
static int set_alias(const struct keeper *k, const struct keeper_ask *ask)
{
	struct keeper_guest *guest = keeper_guest_find(k, ask->path);
	char *alias = NULL;
	int ret;

	if (!guest || guest->listener.kind != VHOST_LISTENS ||
	    ask->size > strlen(ask->path))
		return ask->size ? -EINVAL : 0;
	if (ask->size) {
		alias = strndup(ask->path, ask->size);
		if (!alias)
			return -ENOMEM;
	}
	ret = vhost_listen_alias(&guest->listener, alias);
	free(alias);
	return ret;
}

/*
 * Does what @ask says. Returns 0 or a negative errno; and in @fd, which is -1,
 * a descriptor that goes with the answer.
 */
static int obey(struct keeper *k, const struct keeper_ask *ask, uint64_t now,
		int *fd)
{
	switch (ask->question) {
	case KEEPER_CHECK:
		return check(k, ask);
	case KEEPER_LISTEN:
		*fd = listen_for(k, ask, now);
		return *fd < 0 ? *fd : 0;
	case KEEPER_MEMORY:
		*fd = keeper_memories_get(&k->memories, ask->path, ask->size,
					  k->ready);
		return *fd < 0 ? *fd : 0;
	case KEEPER_ALIAS:
		return set_alias(k, ask);
	case KEEPER_RELOADING:
		*fd = k->ops->reloading(k->opaque);
		return 0;
	case KEEPER_IS_READY:
		note_ready(k, ask->path);
		return 0;
	case KEEPER_REFUSES:
		k->ops->refuses(k->opaque, ask->path);
		return 0;
	case KEEPER_TOLD:
		k->ops->told(k->opaque);
		return 0;
	case KEEPER_HISTORY: /* comes with each answer */
		return 0;
	default:
		return -EINVAL;
	}
}

static void answer(struct keeper *k, const struct keeper_ask *ask, uint64_t now)
{
	struct keeper_answer answer = {
		.version = KEEPER_LINK_VERSION,
		.history = k->history,
	};
	int fd = -1;

	k->changed = true;
	answer.ret = obey(k, ask, now, &fd);
	vhost_pass_fd(k->link, &answer, sizeof(answer), fd);
	if (fd >= 0)
		close(fd);
}

/* The back end dies: whose fault is it? */
static void take_fault(struct keeper *k, const struct keeper_ask *ask,
		       uint64_t now)
{
	struct keeper_guest *guest = keeper_guest_find(k, ask->path);

	if (guest)
		keeper_guest_blame(k, guest, now);
	else
		k->faulted = true;
}

/* Returns 0, or a negative errno if there is nothing to be read. */
static int read_one(struct keeper *k, bool lives, uint64_t now)
{
	struct keeper_ask ask;
	int fd;
	int ret = vhost_receive_fd(k->link, &ask, sizeof(ask), &fd);

	if (fd >= 0)
		close(fd);
	if (ret)
		return ret;
	if (ask.version != KEEPER_LINK_VERSION)
		return -EPROTO;
	ask.path[sizeof(ask.path) - 1] = '\0';
	ask.name[sizeof(ask.name) - 1] = '\0';
	if (ask.question == KEEPER_FAULT)
		take_fault(k, &ask, now);
	else if (lives)
		answer(k, &ask, now);
	return 0;
}

void keeper_questions_read_rest(struct keeper *k, uint64_t now)
{
	while (!read_one(k, false, now))
		;
}

void keeper_questions_read(struct keeper *k, uint64_t now)
{
	int ret = read_one(k, true, now);

	if (!ret || ret == -EAGAIN)
		return;
	/* It is about to end, if it has not yet. */
	close(k->link);
	k->link = -1;
}
