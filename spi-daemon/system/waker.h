/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Wakes a thread that waits for an epoll(7) set, without a descriptor of its
 * own for that: the set of each thread has one eventfd that all share, and that
 * is always readable, but whose entry is switched off. To wake the thread is to
 * switch the entry on for once.
 */
#ifndef WAKER_H
#define WAKER_H

/* What the entry's event says: events[i].data.u32 of epoll_wait(2) */
#define WAKER_PLACE 31

/*
 * Returns a new epoll set that waker_wake() can be used for; or a negative
 * errno. It is the caller's, to add to and to close.
 */
int waker_open(void);

/* Wakes, once, who waits for @set, or who waits for it next. Any thread. */
void waker_wake(int set);

/* Takes note of a wake-up. Who waits with epoll_wait(2) has done so. */
void waker_clear(int set);

#endif
