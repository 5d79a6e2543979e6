/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "vhost/keeper/keeper.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vhost/keeper/guests.h"
#include "vhost/keeper/questions.h"

#define MS 1000000ull
#define S  (1000 * MS)

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

void keeper_fini(struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		keeper_guest_free(k->guests[i]);
	keeper_memories_fini(&k->memories);
	free(k->guests);
	free(k->fds);
	if (k->link >= 0)
		close(k->link);
}

void keeper_leave(struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		vhost_listen_leave(&k->guests[i]->listener);
}

void keeper_attach(struct keeper *k, int link, bool gated)
{
	k->link = link;
	k->ready = k->faulted = false;
	keeper_memories_renew(&k->memories);
	k->mode = gated ? KEEPER_TRIES : KEEPER_WORKS;
	k->history.processes++;
	k->changed = true;
	for (unsigned int i = 0; i < k->guest_count; i++) {
		k->guests[i]->listens = false;
		if (gated)
			keeper_guest_forgive(k->guests[i]);
	}
}

void keeper_drain(struct keeper *k, uint64_t now)
{
	k->mode = KEEPER_DRAINS;
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

		if (!guest->connected || !keeper_guest_stays(guest))
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
	k->mode = KEEPER_WORKS;
	k->changed = true;
	keeper_guests_settle(k);
	keeper_guests_free_gone(k);
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->connected)
			keeper_relay_open_gate(&k->guests[i]->relay, now);
}

void keeper_rest(struct keeper *k, bool rest)
{
	k->mode = rest ? KEEPER_RESTS : KEEPER_WORKS;
}

bool keeper_is_at_rest(const struct keeper *k)
{
	if (k->mode != KEEPER_RESTS)
		return false;
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->connected &&
		    keeper_relay_waits(&k->guests[i]->relay))
			return false;
	return true;
}

bool keeper_is_over(const struct keeper *k)
{
	for (unsigned int i = 0; i < k->guest_count; i++)
		if (k->guests[i]->connected ||
		    !vhost_listen_is_over(&k->guests[i]->listener))
			return false;
	return k->ready && k->guest_count;
}

void keeper_detach(struct keeper *k, uint64_t now)
{
	if (k->link >= 0) {
		keeper_questions_read_rest(k, now);
		close(k->link);
	}
	k->link = -1;
	k->ready = false;
	k->changed = true;
	k->mode = KEEPER_WORKS;
	for (unsigned int i = 0; i < k->guest_count; i++) {
		struct keeper_guest *guest = k->guests[i];

		keeper_guest_close_channel(guest);
		if (guest->connected)
			keeper_relay_detach(&guest->relay, now);
	}
}

void keeper_work(struct keeper *k, uint64_t now)
{
	unsigned int count = k->guest_count;

	for (unsigned int i = 0; i < count; i++)
		keeper_guest_work(
			k, k->guests[i],
			&k->fds[KEEPER_POLL_GUESTS + KEEPER_POLL_EACH * i],
			now);
	/* The back end may ask for a socket that it has just given up. */
	keeper_guests_free_gone(k);
	if (k->fds[KEEPER_POLL_LINK].revents && k->link >= 0)
		keeper_questions_read(k, now);
	keeper_guests_free_gone(k);
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
		keeper_guest_fill(
			k, k->guests[i],
			&k->fds[KEEPER_POLL_GUESTS + KEEPER_POLL_EACH * i],
			deadline);
	return count;
}
