/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/stats/stats_view.h"

/* of an element of the arrays */
#define POINTER_SIZE sizeof(void *)

static int compare_guests(const void *a, const void *b)
{
	const struct guest *const *x = a, *const *y = b;

	return strverscmp((*x)->spec.name, (*y)->spec.name);
}

static int compare_devices(const void *a, const void *b)
{
	const struct handle *const *x = a, *const *y = b;

	return strverscmp((*x)->name, (*y)->name);
}

static int compare_buses(const void *a, const void *b)
{
	const struct pool_bus *const *x = a, *const *y = b;

	return strverscmp((*x)->name, (*y)->name);
}

static int collect(struct stats_view *view, const struct pool *pool)
{
	for (const struct handle *h = pool->handles; h; h = h->next)
		view->device_count++;
	for (const struct pool_bus *b = pool->buses; b; b = b->next)
		view->bus_count++;
	view->devices = calloc(view->device_count + 1, POINTER_SIZE);
	view->buses = calloc(view->bus_count + 1, POINTER_SIZE);
	if (!view->devices || !view->buses) {
		stats_view_fini(view);
		return -ENOMEM;
	}
	view->device_count = view->bus_count = 0;
	for (const struct handle *h = pool->handles; h; h = h->next)
		view->devices[view->device_count++] = h;
	for (const struct pool_bus *b = pool->buses; b; b = b->next)
		view->buses[view->bus_count++] = b;
	return 0;
}

int stats_view_init(struct stats_view *view, const struct guest_set *set)
{
	int ret;

	*view = (struct stats_view){ .now = clock_now() };
	ret = collect(view, &set->pool);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; i < set->count; i++)
		view->guests[view->guest_count++] = set->guests[i];
	qsort(view->guests, view->guest_count, POINTER_SIZE, compare_guests);
	/* Read each state once, so that the totals agree with the parts. */
	for (unsigned int i = 0; i < view->guest_count; i++)
		view->states[i] = (enum guest_state)counter_get(
			&stats_view_counters(view->guests[i])->state);
	qsort(view->devices, view->device_count, POINTER_SIZE, compare_devices);
	qsort(view->buses, view->bus_count, POINTER_SIZE, compare_buses);
	return 0;
}

void stats_view_fini(struct stats_view *view)
{
	free(view->devices);
	free(view->buses);
}

const struct guest_stats *stats_view_counters(const struct guest *guest)
{
	return &guest->worker.service.stats;
}

static const struct pool_bus *bus_since(const struct guest *guest,
					const struct counter *since)
{
	uint64_t chip = counter_get(&stats_view_counters(guest)->turn.chip);

	return counter_get(since) ? guest->controller.chips[chip].handle->bus
				  : NULL;
}

const struct pool_bus *stats_view_waits_for(const struct guest *guest)
{
	return bus_since(guest, &stats_view_counters(guest)->turn.waits_since);
}

const struct pool_bus *stats_view_has(const struct guest *guest)
{
	return bus_since(guest, &stats_view_counters(guest)->turn.holds_since);
}

unsigned int stats_view_waiting(const struct stats_view *view,
				const struct pool_bus *bus)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < view->guest_count; i++)
		count += stats_view_waits_for(view->guests[i]) == bus;
	return count;
}

static uint64_t ns_since(const struct stats_view *view,
			 const struct counter *since)
{
	uint64_t then = counter_get(since);

	return then && view->now > then ? view->now - then : 0;
}

uint64_t stats_view_waits_ns(const struct stats_view *view,
			     const struct guest *guest)
{
	return ns_since(view, &stats_view_counters(guest)->turn.waits_since);
}

uint64_t stats_view_has_ns(const struct stats_view *view,
			   const struct guest *guest)
{
	return ns_since(view, &stats_view_counters(guest)->turn.holds_since);
}
