/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/guests.h"

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

void keeper_guest_close_channel(struct keeper_guest *guest)
{
	if (guest->channel >= 0)
		close(guest->channel);
	guest->channel = -1;
}

static void disconnect(struct keeper_guest *guest)
{
	if (!guest->connected)
		return;
	keeper_relay_fini(&guest->relay);
	guest->connected = false;
	vhost_listen_again(&guest->listener);
}

/* Another process may go on with what is freed here: its timer, too. */
void keeper_guest_free(struct keeper_guest *guest)
{
	if (guest->connected)
		keeper_relay_fini(&guest->relay);
	keeper_guest_close_channel(guest);
	if (guest->listener.path)
		vhost_unlisten(&guest->listener);
	free(guest);
}

void keeper_guest_connect(struct keeper *k, struct keeper_guest *guest,
			  uint64_t now)
{
	int ends[2];

	if (!guest->connected || guest->channel < 0 ||
	    k->mode == KEEPER_DRAINS || now < guest->held_until)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		say(k, guest, "no socket for the back end");
		return;
	}
	if (vhost_pass_fd(guest->channel, &guest->peer, sizeof(guest->peer),
			  ends[1]) < 0)
		close(ends[0]);
	else
		keeper_relay_attach(&guest->relay, ends[0],
				    k->mode == KEEPER_TRIES, now);
	close(ends[1]);
	report(k, guest);
}

void keeper_guest_blame(struct keeper *k, struct keeper_guest *guest,
			uint64_t now)
{
	const uint64_t pause =
		vhost_budget_spend(&guest->budget, VHOST_BUDGET_FAULTS, now);
	char text[VHOST_REASON_MAX];

	if (!pause)
		return;
	k->history.held_back++;
	guest->held_until = now + pause;
	snprintf(text, sizeof(text),
		 "its requests crash the process again and again; it is served "
		 "again in %llu s",
		 (unsigned long long)(pause / S));
	say(k, guest, text);
}

void keeper_guest_forgive(struct keeper_guest *guest)
{
	guest->budget = (struct vhost_budget){ 0 };
	guest->held_until = 0;
}

static bool has_left(const struct keeper_guest *guest)
{
	struct pollfd fd = { .fd = guest->relay.front.fd };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

/*
 * Closes @fd, of a front end that is not to be served. The back end, if there
 * is one, counts and logs it.
 */
static void refuse(const struct keeper *k, struct keeper_guest *guest, int fd,
		   const struct ucred *peer)
{
	char who[VHOST_REASON_MAX / 2], text[VHOST_REASON_MAX];

	if (guest->channel >= 0) {
		vhost_pass_fd(guest->channel, peer, sizeof(*peer), fd);
	} else if (!vhost_admits(&guest->listener, peer)) {
		vhost_describe_peer(peer, who, sizeof(who));
		snprintf(text, sizeof(text), "refused a front end: %s", who);
		say(k, guest, text);
	}
	close(fd);
	vhost_listen_again(&guest->listener);
}

/* Nobody else says why there is no front end. */
static void explain_connect(const struct keeper *k,
			    const struct keeper_guest *guest, int error)
{
	char text[VHOST_REASON_MAX];

	if (guest->listener.kind != VHOST_CONNECTS)
		return;
	snprintf(text, sizeof(text), "a front end has to wait: connect: %s",
		 strerror(-error));
	say(k, guest, text);
}

static void accept_front_end(struct keeper *k, struct keeper_guest *guest,
			     uint64_t now)
{
	struct ucred peer;
	int fd = vhost_accept(&guest->listener, &peer);

	guest->accept_at = 0;
	if (fd == -EAGAIN || fd == -ECONNABORTED || fd == -EINTR)
		return;
	if (fd < 0) {
		explain_connect(k, guest, fd);
		guest->accept_at = now + ACCEPT_PAUSE;
		return;
	}
	if (guest->connected && has_left(guest))
		disconnect(guest);
	if (guest->connected || !vhost_admits(&guest->listener, &peer)) {
		refuse(k, guest, fd, &peer);
		return;
	}
	keeper_relay_init(&guest->relay, fd, guest->hidden, now);
	guest->connected = true;
	guest->peer = peer;
	keeper_guest_connect(k, guest, now);
}

struct keeper_guest *keeper_guest_find(const struct keeper *k, const char *path)
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

struct keeper_guest *keeper_guest_new(struct keeper *k)
{
	struct keeper_guest *guest = calloc(1, sizeof(*guest));

	if (!guest || make_room(k)) {
		free(guest);
		return NULL;
	}
	guest->listener.fd = guest->channel = -1;
	k->guests[k->guest_count++] = guest;
	return guest;
}

/* Makes the socket that @ask describes, or takes it. */
static int get_listener(const struct keeper *k, const struct keeper_ask *ask,
			const struct vhost_access *access,
			struct vhost_listener *listener)
{
	int fd;

	if (ask->origin == VHOST_FROM_LISTENER)
		return vhost_connect(listener, ask->path, access);
	if (ask->origin == VHOST_FROM_FILE)
		return vhost_listen(listener, ask->path, access);
	if (!k->ops->inherited)
		return -ENOENT;
	fd = k->ops->inherited(k->opaque, ask->path, false);
	return fd < 0 ? fd : vhost_inherit(listener, fd, ask->path, access);
}

bool keeper_guest_stays(const struct keeper_guest *guest)
{
	return guest->listens && vhost_admits(&guest->listener, &guest->peer);
}

static void disconnect_stranger(struct keeper_guest *guest)
{
	if (guest->connected && !vhost_admits(&guest->listener, &guest->peer))
		disconnect(guest);
}

/* The back end may have died since it was ready: its channels have ended. */
void keeper_guests_settle(struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++) {
		disconnect_stranger(k->guests[i]);
		if (!k->guests[i]->listens)
			k->guests[i]->gone = true;
	}
	keeper_memories_drop(&k->memories);
}

int keeper_guest_listen(const struct keeper *k, struct keeper_guest *guest,
			const struct keeper_ask *ask)
{
	const struct vhost_access access = {
		.mode = ask->mode,
		.group = ask->group,
		.peers = { ask->peer_uid, ask->peer_gid },
	};
	struct vhost_listener listener;
	int ret;

	if (guest->listener.fd >= 0 || vhost_listen_is_over(&guest->listener)) {
		guest->listener.peers = access.peers;
		/* Who is not admitted by one on trial may be by the other. */
		if (k->mode != KEEPER_TRIES)
			disconnect_stranger(guest);
		return 0;
	}
	ret = get_listener(k, ask, &access, &listener);
	if (ret)
		return ret;
	free(guest->listener.alias);
	free(guest->listener.path);
	guest->listener = listener;
	return 0;
}

/*
 * A byte says that the guest is to be served no more, unless the back end is
 * about to be replaced, or to end for another reason of ours. The end says
 * nothing.
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
	if (!ret && k->mode != KEEPER_DRAINS && k->mode != KEEPER_RESTS)
		guest->gone = true;
	keeper_guest_close_channel(guest);
}

/* When a back end that lives, and serves the guest, is to be connected again.
 */
static uint64_t connect_at(const struct keeper_guest *guest)
{
	if (!guest->connected || guest->channel < 0 ||
	    guest->relay.stage != KEEPER_DETACHED)
		return UINT64_MAX;
	if (guest->held_until > guest->relay.since)
		return guest->held_until;
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

/* Returns true if something happens to the guest. */
static bool is_due(const struct keeper *k, const struct keeper_guest *guest,
		   const struct pollfd *fds, uint64_t now)
{
	for (unsigned int i = 0; i < KEEPER_POLL_EACH; i++)
		if (fds[i].revents)
			return true;
	return guest->connected &&
	       now >= keeper_relay_deadline(&guest->relay, &k->limits);
}

/* The front end is gone, or breaks the protocol, as @error says. */
static void give_up(struct keeper *k, struct keeper_guest *guest, int error)
{
	if (error != -ECONNRESET) {
		k->history.given_up++;
		say(k, guest,
		    error == -EPROTO
			    ? "disconnected: what the front end sends is no "
			      "vhost-user message"
			    : "disconnected: the front end does not read its "
			      "answers");
	}
	disconnect(guest);
}

void keeper_guest_work(struct keeper *k, struct keeper_guest *guest,
		       const struct pollfd *fds, uint64_t now)
{
	struct keeper_relay *relay = &guest->relay;
	int ret = 0;

	if (is_due(k, guest, fds, now))
		k->changed = true;
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
		give_up(k, guest, ret);
	if (fds[0].revents)
		accept_front_end(k, guest, now);
	if (now >= guest->accept_at)
		guest->accept_at = 0;
	if (now >= connect_at(guest)) {
		relay->since = now;
		keeper_guest_connect(k, guest, now);
	}
}

void keeper_guests_free_gone(struct keeper *k)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < k->guest_count; i++) {
		if (k->guests[i]->gone)
			keeper_guest_free(k->guests[i]);
		else
			k->guests[kept++] = k->guests[i];
	}
	k->guest_count = kept;
}

static void wake_by(uint64_t *deadline, uint64_t time)
{
	if (time < *deadline)
		*deadline = time;
}

void keeper_guest_fill(const struct keeper *k, const struct keeper_guest *guest,
		       struct pollfd *fds, uint64_t *deadline)
{
	const struct keeper_relay *relay = &guest->relay;

	const bool rests = k->mode == KEEPER_RESTS;

	if (guest->accept_at)
		wake_by(deadline, guest->accept_at);
	else if (!rests)
		fds[0].fd = guest->listener.fd;
	fds[1].fd = guest->channel;
	if (!guest->connected)
		return;
	/* Without a back end, it matters whether the front end is still there.
	 */
	if (!rests && (keeper_relay_wants_front(relay) ||
		       relay->stage == KEEPER_DETACHED))
		fds[2].fd = relay->front.fd;
	if (!keeper_relay_wants_front(relay))
		fds[2].events = 0; /* POLLHUP comes all the same */
	if (relay->stage != KEEPER_DETACHED)
		fds[3].fd = relay->back.fd;
	wake_by(deadline, keeper_relay_deadline(relay, &k->limits));
	wake_by(deadline, connect_at(guest));
}
