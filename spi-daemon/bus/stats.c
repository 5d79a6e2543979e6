/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/system/clock.h"
#include "spi-daemon/bus/stats.h"

/* From a short transfer to the longest hold and beyond. */
const uint64_t stats_bucket_ns[STATS_BUCKETS - 1] = {
	100 * NS_PER_US, 300 * NS_PER_US, 1 * NS_PER_MS,   3 * NS_PER_MS,
	10 * NS_PER_MS,	 30 * NS_PER_MS,  100 * NS_PER_MS, 300 * NS_PER_MS,
	1 * NS_PER_S,	 10 * NS_PER_S,
};

uint64_t stats_errors(const struct guest_stats *guest)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < REQUEST_ERRORS; i++)
		sum += counter_get(&guest->errors[i]);
	return sum;
}

uint64_t stats_requests(const struct guest_stats *guest)
{
	return counter_get(&guest->done) + stats_errors(guest);
}

uint64_t stats_turns(const struct turn_stats *turn)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < STATS_BUCKETS; i++)
		sum += counter_get(&turn->waited[i]);
	return sum;
}

void stats_turn_waits(struct turn_stats *turn, unsigned int chip, uint64_t now)
{
	if (counter_get(&turn->waits_since))
		return;
	turn->paused_ns = 0;
	counter_set(&turn->chip, chip);
	counter_set(&turn->waits_since, now);
}

/* How long it has waited; times of different clock calls can be out of order */
static uint64_t waited(const struct turn_stats *turn, uint64_t now)
{
	uint64_t since = counter_get(&turn->waits_since);

	return turn->paused_ns + (now > since ? now - since : 0);
}

void stats_turn_pauses(struct turn_stats *turn, uint64_t now, uint64_t until)
{
	turn->paused_ns = waited(turn, now);
	counter_set(&turn->waits_since, until);
}

static void count_wait(struct turn_stats *turn, uint64_t ns)
{
	unsigned int bucket = 0;

	while (bucket < STATS_BUCKETS - 1 && ns > stats_bucket_ns[bucket])
		bucket++;
	counter_add(&turn->waited[bucket], 1);
	if (!ns)
		return;
	counter_add(&turn->wait_ns, ns);
	counter_raise(&turn->wait_longest_ns, ns);
}

void stats_turn_holds(struct turn_stats *turn, struct bus_stats *bus,
		      uint64_t now)
{
	count_wait(turn, waited(turn, now));
	counter_set(&turn->waits_since, 0);
	counter_set(&turn->holds_since, now);
	if (bus->owner != turn)
		counter_add(&bus->owner_changes, 1);
	bus->owner = turn;
}

void stats_turn_ends(struct turn_stats *turn, struct device_stats *device,
		     struct counter *share, uint64_t now)
{
	uint64_t since = counter_get(&turn->holds_since);
	uint64_t ns = now > since ? now - since : 0;

	if (!since)
		return;
	counter_set(&turn->holds_since, 0);
	counter_add(&turn->turns, 1);
	counter_add(&turn->hold_ns, ns);
	counter_raise(&turn->hold_longest_ns, ns);
	counter_add(&device->hold_ns, ns);
	counter_add(share, ns);
}

void stats_turn_is_given_up(struct turn_stats *turn)
{
	counter_set(&turn->waits_since, 0);
}

void stats_moved(struct guest_stats *guest, struct device_stats *device,
		 uint64_t tx, uint64_t rx)
{
	counter_add(&guest->sent, tx);
	counter_add(&guest->received, rx);
	counter_add(&device->sent, tx);
	counter_add(&device->received, rx);
}
