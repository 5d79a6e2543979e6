/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A SPI bus: one owner at a time. A guest owns it for a message, that is from
 * before its chip is selected until after it is released.
 *
 * Nobody waits inside a call: who has to wait for the bus does so in poll(2),
 * on its wake eventfd, and so keeps answering its front end. The bus goes
 * from its owner straight to who has waited longest.
 */
#ifndef BUS_H
#define BUS_H

#include <pthread.h>
#include <stdbool.h>

/* One who uses buses: a guest's worker. Its fields are the buses' business. */
struct bus_user {
	int wake; /* eventfd, signalled when a bus was handed over */
	struct bus_user *next; /* in a bus's queue */
};

struct bus {
	pthread_mutex_t lock; /* guards all below; innermost: none inside it */
	struct bus_user *owner;
	struct bus_user *first; /* who waits, longest first */
	struct bus_user *last;
};

void bus_init(struct bus *bus);
void bus_fini(struct bus *bus);

/* Gives @user its eventfd. Returns 0 or a negative errno. */
int bus_user_init(struct bus_user *user);
void bus_user_fini(struct bus_user *user);

/* Takes note of a wake-up, so that ->wake is quiet until the next. */
void bus_user_woken(struct bus_user *user);

/*
 * Makes @user the owner, or, when the bus has another, puts @user in the queue
 * unless it is there already. Returns whether @user is the owner. A user
 * waits for one bus at a time.
 */
bool bus_acquire(struct bus *bus, struct bus_user *user);

/* Ends @user's ownership, or its place in the queue. */
void bus_leave(struct bus *bus, struct bus_user *user);

#endif
