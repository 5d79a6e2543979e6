/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The guests of a keeper: their sockets, front ends and channels. */
#ifndef KEEPER_GUESTS_H
#define KEEPER_GUESTS_H

#include "vhost/keeper/keeper.h"

/* The guest whose socket is @path; NULL: none. */
struct keeper_guest *keeper_guest_find(const struct keeper *keeper,
				       const char *path);

/* Adds a guest of which nothing is known yet. NULL: out of memory. */
struct keeper_guest *keeper_guest_new(struct keeper *keeper);

/*
 * Makes the socket that @ask describes, or takes the one that was given. If the
 * guest has one already, only whom it admits changes. Returns 0, or a negative
 * errno as vhost_listen() does.
 */
int keeper_guest_listen(const struct keeper *keeper, struct keeper_guest *guest,
			const struct keeper_ask *ask);

/* Disconnects the front end and removes the socket. */
void keeper_guest_free(struct keeper_guest *guest);

/*
 * Returns true if the guest, which is connected, keeps its front end when the
 * present back end is settled on.
 */
bool keeper_guest_stays(const struct keeper_guest *guest);

/*
 * The present back end, which is ready, is the one that serves from now on:
 * gives up the guests that it does not serve, and drops what those before had.
 */
void keeper_guests_settle(struct keeper *keeper);

/* Frees all guests that are ->gone. */
void keeper_guests_free_gone(struct keeper *keeper);

/* Has the back end accept a connection, over which it is told everything. */
void keeper_guest_connect(struct keeper *keeper, struct keeper_guest *guest,
			  uint64_t now);

/*
 * The back end dies of a fault in the guest's thread. If that happens too
 * often, only the other guests are served for a while.
 */
void keeper_guest_blame(struct keeper *keeper, struct keeper_guest *guest,
			uint64_t now);

/* Another program has another chance. */
void keeper_guest_forgive(struct keeper_guest *guest);

void keeper_guest_close_channel(struct keeper_guest *guest);

/* Fills in KEEPER_POLL_EACH entries at @fds, and brings *@deadline forward. */
void keeper_guest_fill(const struct keeper *keeper,
		       const struct keeper_guest *guest, struct pollfd *fds,
		       uint64_t *deadline);

/* Does what can be done after poll(2). */
void keeper_guest_work(struct keeper *keeper, struct keeper_guest *guest,
		       const struct pollfd *fds, uint64_t now);

#endif
