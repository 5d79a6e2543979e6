/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/questions.h"

#include <errno.h>
#include <stdio.h>
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
	ret = keeper_guest_listen(*guest, ask);
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
	ret = get_socket(k, ask, &guest);
	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, ends) < 0)
		return -errno;
	snprintf(guest->name, sizeof(guest->name), "%s", ask->name);
	guest->hidden = ask->hidden;
	guest->channel = ends[0];
	keeper_guest_connect(k, guest, now);
	return ends[1];
}

/* Guests that this back end does not serve are served no more. */
static void forget_unserved(struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->channel < 0)
			k->guests[i]->gone = true;
}

/* All guests are served, after a start or a reload. */
static void note_ready(struct keeper *k, const char *status)
{
	if (!k->ready) {
		forget_unserved(k);
		keeper_memories_drop(&k->memories);
	}
	k->ready = true;
	k->ops->ready(k->opaque, status);
}

static void answer(struct keeper *k, struct keeper_ask *ask, uint64_t now)
{
	struct keeper_answer answer = {
		.version = KEEPER_LINK_VERSION,
		.history = k->history,
	};
	int fd = -1;

	k->changed = true;
	ask->path[sizeof(ask->path) - 1] = '\0';
	ask->name[sizeof(ask->name) - 1] = '\0';
	switch (ask->question) {
	case KEEPER_CHECK:
		answer.ret = keeper_guest_find(k, ask->path)
				     ? 0
				     : vhost_listen_check(ask->path);
		break;
	case KEEPER_LISTEN:
		fd = listen_for(k, ask, now);
		answer.ret = fd < 0 ? fd : 0;
		break;
	case KEEPER_RELOADING:
		fd = k->ops->reloading(k->opaque);
		break;
	case KEEPER_IS_READY:
		note_ready(k, ask->path);
		break;
	case KEEPER_REFUSES:
		k->ops->refuses(k->opaque, ask->path);
		break;
	case KEEPER_HISTORY: /* comes with each answer */
		break;
	case KEEPER_MEMORY:
		fd = keeper_memories_get(&k->memories, ask->path, ask->size,
					 k->ready);
		answer.ret = fd < 0 ? fd : 0;
		break;
	default:
		answer.ret = -EINVAL;
		break;
	}
	vhost_pass_fd(k->link, &answer, sizeof(answer), fd);
	if (fd >= 0)
		close(fd);
}

void keeper_questions_read(struct keeper *k, uint64_t now)
{
	struct keeper_ask ask;
	int fd;
	int ret = vhost_receive_fd(k->link, &ask, sizeof(ask), &fd);

	if (fd >= 0)
		close(fd);
	if (!ret && ask.version == KEEPER_LINK_VERSION) {
		answer(k, &ask, now);
	} else if (ret != -EAGAIN) {
		/* It is about to end, if it has not yet. */
		close(k->link);
		k->link = -1;
	}
}
