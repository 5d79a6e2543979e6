/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost/wire/pass_fd.h"

#define MS 1000000ull
#define S  (1000 * MS)

/* Until the next try, when no descriptor was left for a front end, */
#define ACCEPT_PAUSE (100 * MS)

/* and when a back end that lives has closed a connection. */
#define CONNECT_PAUSE S

static const struct keeper_limits default_limits = {
	.answer_ns = 5 * S,
	.ping_ns = 5 * S,
	.hang_ns = 10 * S,
	/* A back end may serve nobody for a minute: see guest_worker.c. */
	.accept_ns = 90 * S,
};

int keeper_init(struct keeper *k, const struct keeper_ops *ops, void *opaque)
{
	*k = (struct keeper){
		.ops = ops,
		.opaque = opaque,
		.limits = default_limits,
		.link = -1,
		.fds = calloc(KEEPER_POLL_GUESTS, sizeof(*k->fds)),
	};
	return k->fds ? 0 : -ENOMEM;
}

void keeper_set_timeout(struct keeper *k, uint64_t ns)
{
	struct keeper_limits *limits = &k->limits;

	*limits = default_limits;
	limits->hang_ns = ns ? ns : UINT64_MAX / 4;
	limits->ping_ns = limits->hang_ns / 2;
	if (!ns)
		limits->accept_ns = limits->hang_ns;
}

static void say(const struct keeper *k, const struct keeper_guest *guest,
		const char *text)
{
	char line[VHOST_REASON_MAX + sizeof(guest->name) + 16];

	snprintf(line, sizeof(line), "%s: %s", guest->name, text);
	k->ops->log(k->opaque, line);
}

/* Logs what the relay has to say, once. */
static void report(const struct keeper *k, struct keeper_guest *guest)
{
	if (guest->relay.reason.text[0])
		say(k, guest, guest->relay.reason.text);
	vhost_reason_clear(&guest->relay.reason);
}

static void close_channel(struct keeper_guest *guest)
{
	if (guest->channel >= 0)
		close(guest->channel);
	guest->channel = -1;
}

static void disconnect(struct keeper_guest *guest)
{
	if (guest->connected)
		keeper_relay_fini(&guest->relay);
	guest->connected = false;
}

static void free_guest(struct keeper_guest *guest)
{
	disconnect(guest);
	close_channel(guest);
	vhost_unlisten(&guest->listener);
	free(guest);
}

void keeper_fini(struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		free_guest(k->guests[i]);
	keeper_memories_fini(&k->memories);
	free(k->guests);
	free(k->fds);
	if (k->link >= 0)
		close(k->link);
}

/* Has the back end accept a connection, over which it is told everything. */
static void connect_back(struct keeper *k, struct keeper_guest *guest,
			 uint64_t now)
{
	int ends[2];

	if (!guest->connected || guest->channel < 0 || k->drains)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		say(k, guest, "no socket for the back end");
		return;
	}
	if (vhost_pass_fd(guest->channel, "", 1, ends[1]) < 0)
		close(ends[0]);
	else
		keeper_relay_attach(&guest->relay, ends[0], k->gated, now);
	close(ends[1]);
	report(k, guest);
}

static bool has_left(const struct keeper_guest *guest)
{
	struct pollfd fd = { .fd = guest->relay.front.fd };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

static void accept_front_end(struct keeper *k, struct keeper_guest *guest,
			     uint64_t now)
{
	int fd = vhost_accept(&guest->listener);

	guest->accept_at = 0;
	if (fd == -EAGAIN || fd == -ECONNABORTED || fd == -EINTR)
		return;
	if (fd < 0) {
		guest->accept_at = now + ACCEPT_PAUSE;
		return;
	}
	if (guest->connected && has_left(guest))
		disconnect(guest);
	if (guest->connected) {
		/* The back end, if there is one, counts and refuses it. */
		if (guest->channel >= 0)
			vhost_pass_fd(guest->channel, "", 1, fd);
		close(fd);
		return;
	}
	keeper_relay_init(&guest->relay, fd, guest->hidden, now);
	guest->connected = true;
	connect_back(k, guest, now);
}

static struct keeper_guest *find_guest(const struct keeper *k, const char *path)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (!k->guests[i]->gone &&
		    !strcmp(k->guests[i]->listener.path, path))
			return k->guests[i];
	return NULL;
}

/* Makes room for one more guest. */
static int make_room(struct keeper *k)
{
	unsigned int count = k->guest_count + 1;
	struct keeper_guest **guests =
		reallocarray(k->guests, count, sizeof(struct keeper_guest *));
	struct pollfd *fds;

	if (!guests)
		return -ENOMEM;
	k->guests = guests;
	fds = reallocarray(k->fds,
			   KEEPER_POLL_GUESTS + KEEPER_POLL_EACH * count,
			   sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	k->fds = fds;
	return 0;
}

static int add_guest(struct keeper *k, const struct keeper_ask *ask,
		     struct keeper_guest **out)
{
	const struct vhost_access access = {
		.mode = ask->mode,
		.group = ask->group,
	};
	struct keeper_guest *guest = calloc(1, sizeof(*guest));
	int ret = guest ? make_room(k) : -ENOMEM;

	if (!ret)
		ret = vhost_listen(&guest->listener, ask->path, &access);
	if (ret) {
		free(guest);
		return ret;
	}
	guest->channel = -1;
	*out = k->guests[k->guest_count++] = guest;
	return 0;
}

/* The back end serves @ask->path from now on. Returns its end of the channel.
 */
static int listen_for(struct keeper *k, const struct keeper_ask *ask,
		      uint64_t now)
{
	struct keeper_guest *guest = find_guest(k, ask->path);
	int ends[2];
	int ret;

	if (guest && guest->channel >= 0)
		return -EADDRINUSE;
	ret = guest ? 0 : add_guest(k, ask, &guest);
	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, ends) < 0)
		return -errno;
	snprintf(guest->name, sizeof(guest->name), "%s", ask->name);
	guest->hidden = ask->hidden;
	guest->channel = ends[0];
	connect_back(k, guest, now);
	return ends[1];
}

/* Guests that this back end does not serve are served no more. */
static void forget_unserved(struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->channel < 0)
			k->guests[i]->gone = true;
}

static void answer(struct keeper *k, struct keeper_ask *ask, uint64_t now)
{
	struct keeper_answer answer = {
		.version = KEEPER_LINK_VERSION,
		.history = k->history,
	};
	int fd = -1;

	ask->path[sizeof(ask->path) - 1] = '\0';
	ask->name[sizeof(ask->name) - 1] = '\0';
	switch (ask->question) {
	case KEEPER_CHECK:
		answer.ret = find_guest(k, ask->path)
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
		if (!k->ready) {
			forget_unserved(k);
			keeper_memories_drop(&k->memories);
		}
		k->ready = true;
		k->ops->ready(k->opaque, ask->path);
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

static void read_link(struct keeper *k, uint64_t now)
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

void keeper_attach(struct keeper *k, int link, bool gated)
{
	k->link = link;
	k->ready = k->drains = false;
	keeper_memories_renew(&k->memories);
	k->gated = gated;
	k->history.processes++;
}

void keeper_drain(struct keeper *k, uint64_t now)
{
	k->drains = true;
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->connected)
			keeper_relay_drain(&k->guests[i]->relay, now);
}

bool keeper_is_drained(const struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++) {
		const struct keeper_guest *guest = k->guests[i];

		if (guest->connected && guest->relay.stage != KEEPER_DETACHED &&
		    guest->relay.stage != KEEPER_DRAINED)
			return false;
	}
	return true;
}

enum keeper_trial keeper_look_at_trial(const struct keeper *k)
{
	enum keeper_trial trial = KEEPER_TRIAL_PASSED;

	for (unsigned int i = 0; i < k->guest_count; i++) {
		const struct keeper_guest *guest = k->guests[i];

		if (!guest->connected)
			continue;
		if (guest->relay.misfit)
			return KEEPER_TRIAL_FAILED;
		if (guest->relay.stage != KEEPER_GATED)
			trial = KEEPER_TRIAL_RUNS;
	}
	return trial;
}

void keeper_open_gate(struct keeper *k, uint64_t now)
{
	k->gated = false;
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->connected)
			keeper_relay_open_gate(&k->guests[i]->relay, now);
}

void keeper_detach(struct keeper *k, uint64_t now)
{
	if (k->link >= 0)
		close(k->link);
	k->link = -1;
	k->ready = false;
	for (unsigned int i = 0; i < k->guest_count; i++) {
		struct keeper_guest *guest = k->guests[i];

		close_channel(guest);
		if (guest->connected)
			keeper_relay_detach(&guest->relay, now);
	}
}

/*
 * A byte says that the guest is to be served no more, unless the back end is
 * about to be replaced. The end says nothing.
 */
static void read_channel(const struct keeper *k, struct keeper_guest *guest)
{
	char byte;
	int fd;
	int ret = vhost_receive_fd(guest->channel, &byte, 1, &fd);

	/* Connections that were not taken are an error before the byte. */
	if (ret == -ECONNRESET)
		ret = vhost_receive_fd(guest->channel, &byte, 1, &fd);
	if (ret == -EAGAIN)
		return;
	if (!ret && !k->drains)
		guest->gone = true;
	close_channel(guest);
}

/* When a back end that lives, and serves the guest, is to be connected again.
 */
static uint64_t connect_at(const struct keeper_guest *guest)
{
	if (!guest->connected || guest->channel < 0 ||
	    guest->relay.stage != KEEPER_DETACHED)
		return UINT64_MAX;
	return guest->relay.since + CONNECT_PAUSE;
}

static int read_front(struct keeper_guest *guest, short events, uint64_t now)
{
	if (!events)
		return 0;
	if (keeper_relay_wants_front(&guest->relay))
		return keeper_relay_read_front(&guest->relay, now);
	return events & POLLHUP ? -ECONNRESET : 0;
}

static void work_for_guest(struct keeper *k, struct keeper_guest *guest,
			   const struct pollfd *fds, uint64_t now)
{
	struct keeper_relay *relay = &guest->relay;
	int ret = 0;

	if (fds[1].revents && guest->channel >= 0)
		read_channel(k, guest);
	if (guest->connected && fds[3].revents &&
	    relay->stage != KEEPER_DETACHED)
		ret = keeper_relay_read_back(relay, now);
	if (guest->connected && !ret)
		ret = read_front(guest, fds[2].revents, now);
	if (guest->connected && !ret)
		ret = keeper_relay_tick(relay, &k->limits, now);
	if (ret == -ETIMEDOUT) {
		say(k, guest, "the back end does not answer");
		k->ops->hung(k->opaque);
		relay->since = now;
		ret = 0;
	}
	if (guest->connected)
		report(k, guest);
	if (ret < 0)
		disconnect(guest);
	if (fds[0].revents)
		accept_front_end(k, guest, now);
	if (now >= guest->accept_at)
		guest->accept_at = 0;
	if (now >= connect_at(guest)) {
		relay->since = now;
		connect_back(k, guest, now);
	}
}

static void free_gone(struct keeper *k)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < k->guest_count; i++) {
		if (k->guests[i]->gone)
			free_guest(k->guests[i]);
		else
			k->guests[kept++] = k->guests[i];
	}
	k->guest_count = kept;
}

void keeper_work(struct keeper *k, uint64_t now)
{
	unsigned int count = k->guest_count;

	for (unsigned int i = 0; i < count; i++)
		work_for_guest(
			k, k->guests[i],
			&k->fds[KEEPER_POLL_GUESTS + KEEPER_POLL_EACH * i],
			now);
	/* The back end may ask for a socket that it has just given up. */
	free_gone(k);
	if (k->fds[KEEPER_POLL_LINK].revents && k->link >= 0)
		read_link(k, now);
	free_gone(k);
}

static void wake_by(uint64_t *deadline, uint64_t time)
{
	if (time < *deadline)
		*deadline = time;
}

static void fill_guest(const struct keeper *k, const struct keeper_guest *guest,
		       struct pollfd *fds, uint64_t *deadline)
{
	const struct keeper_relay *relay = &guest->relay;

	if (guest->accept_at) {
		fds[0].fd = -1;
		wake_by(deadline, guest->accept_at);
	} else {
		fds[0].fd = guest->listener.fd;
	}
	fds[1].fd = guest->channel;
	if (!guest->connected)
		return;
	/* Without a back end, it matters whether the front end is still there.
	 */
	if (keeper_relay_wants_front(relay) || relay->stage == KEEPER_DETACHED)
		fds[2].fd = relay->front.fd;
	if (!keeper_relay_wants_front(relay))
		fds[2].events = 0; /* POLLHUP comes all the same */
	if (relay->stage != KEEPER_DETACHED)
		fds[3].fd = relay->back.fd;
	wake_by(deadline, keeper_relay_deadline(relay, &k->limits));
	wake_by(deadline, connect_at(guest));
}

unsigned int keeper_fill(struct keeper *k, uint64_t *deadline)
{
	unsigned int count =
		KEEPER_POLL_GUESTS + KEEPER_POLL_EACH * k->guest_count;

	*deadline = UINT64_MAX;
	for (unsigned int i = 0; i < count; i++)
		k->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	k->fds[KEEPER_POLL_LINK].fd = k->link;
	for (unsigned int i = 0; i < k->guest_count; i++)
		fill_guest(k, k->guests[i],
			   &k->fds[KEEPER_POLL_GUESTS + KEEPER_POLL_EACH * i],
			   deadline);
	return count;
}
