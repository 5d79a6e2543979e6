/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "spi-daemon/bus/bus_user.h"
#include "spi-daemon/system/waker.h"

int bus_user_init(struct bus_user *user, unsigned int buses)
{
	int ret;

	*user = (struct bus_user){
		.wake = waker_open(),
		.weight = BUS_WEIGHT_DEFAULT,
		.account_count = buses,
	};
	if (user->wake < 0)
		return user->wake;
	user->accounts = calloc(buses, sizeof(*user->accounts));
	ret = user->accounts ? 0 : -ENOMEM;
	if (ret < 0)
		close(user->wake);
	return ret;
}

void bus_user_fini(struct bus_user *user)
{
	while (atomic_load(&user->wakers))
		sched_yield();
	free(user->accounts);
	close(user->wake);
}

void bus_user_woken(struct bus_user *user)
{
	waker_clear(user->wake);
}

void bus_user_hold(struct bus_user *user)
{
	atomic_fetch_add(&user->wakers, 1);
}

/* The user may have used the bus, left it, and be about to close ->wake. */
void bus_user_wake(struct bus_user *user)
{
	waker_wake(user->wake);
	atomic_fetch_sub(&user->wakers, 1);
}

bool bus_user_is_short(const struct bus_user *user)
{
	uint64_t expected = counter_get(&user->account->message);

	return expected && expected <= BUS_SHORT_NS;
}

static bool goes_before(const struct bus_user *a, const struct bus_user *b)
{
	return a->start < b->start ||
	       (a->start == b->start && a->arrival < b->arrival);
}

void bus_queue_add(struct bus_user **at, struct bus_user *user)
{
	while (*at && goes_before(*at, user))
		at = &(*at)->next;
	user->next = *at;
	*at = user;
	bus_user_set_state(user, BUS_USER_QUEUED);
}

void bus_queue_remove(struct bus_user **at, struct bus_user *user)
{
	while (*at != user)
		at = &(*at)->next;
	*at = user->next;
	user->next = NULL;
	bus_user_set_state(user, BUS_USER_AWAY);
}

struct bus_user *bus_queue_next(struct bus_user *user, uint64_t now)
{
	while (user && counter_get(&user->not_before) > now)
		user = user->next;
	return user;
}

/* One whose message was put off has had its go. */
bool bus_user_may_overtake(const struct bus_user *user,
			   const struct bus_user *next)
{
	return bus_user_is_short(user) && !user->unpaid &&
	       next->in_vain < BUS_IN_VAIN_MAX &&
	       user->start <= next->start + BUS_OVERTAKE_NS;
}

struct bus_user *bus_queue_choose(struct bus_user *first,
				  const struct bus_user *self, uint64_t now)
{
	struct bus_user *next = bus_queue_next(first, now), *user = next;

	while (user && user != self && bus_user_state(user) != BUS_USER_LOOKS)
		user = bus_queue_next(user->next, now);
	return user && bus_user_may_overtake(user, next) ? user : next;
}
