/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "spi-daemon/bus.h"

void bus_init(struct bus *bus)
{
	*bus = (struct bus){ .owner = NULL };
	pthread_mutex_init(&bus->lock, NULL);
}

void bus_fini(struct bus *bus)
{
	pthread_mutex_destroy(&bus->lock);
}

int bus_user_init(struct bus_user *user)
{
	*user = (struct bus_user){
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	return user->wake < 0 ? -errno : 0;
}

void bus_user_fini(struct bus_user *user)
{
	close(user->wake);
}

void bus_user_woken(struct bus_user *user)
{
	eventfd_t count;

	eventfd_read(user->wake, &count);
}

static bool is_queued(const struct bus *bus, const struct bus_user *user)
{
	return user->next || bus->last == user;
}

static void enqueue(struct bus *bus, struct bus_user *user)
{
	if (bus->last)
		bus->last->next = user;
	else
		bus->first = user;
	bus->last = user;
}

static void dequeue(struct bus *bus, struct bus_user *user)
{
	struct bus_user *before = NULL;

	for (struct bus_user *u = bus->first; u && u != user; u = u->next)
		before = u;
	if (before)
		before->next = user->next;
	else
		bus->first = user->next;
	if (bus->last == user)
		bus->last = before;
	user->next = NULL;
}

bool bus_acquire(struct bus *bus, struct bus_user *user)
{
	bool owner;

	pthread_mutex_lock(&bus->lock);
	if (!bus->owner)
		bus->owner = user;
	owner = bus->owner == user;
	if (!owner && !is_queued(bus, user))
		enqueue(bus, user);
	pthread_mutex_unlock(&bus->lock);
	return owner;
}

void bus_leave(struct bus *bus, struct bus_user *user)
{
	pthread_mutex_lock(&bus->lock);
	if (bus->owner == user) {
		bus->owner = bus->first;
		if (bus->owner) {
			dequeue(bus, bus->owner);
			eventfd_write(bus->owner->wake, 1);
		}
	} else if (is_queued(bus, user)) {
		dequeue(bus, user);
	}
	pthread_mutex_unlock(&bus->lock);
}
