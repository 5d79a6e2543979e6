/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/watch/watch_stats.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/xfer/watch/watch_metric.h"

#define PREFIX "vhost_device_spi_"

/* Makes room for one more, of zeros, and counts it. Returns it, or NULL. */
static void *grow(void **array, unsigned int *count, size_t size)
{
	char *larger = reallocarray(*array, *count + 1, size);

	if (!larger)
		return NULL;
	*array = larger;
	larger += *count * size;
	memset(larger, 0, size);
	++*count;
	return larger;
}

/* Finds the guest or adds it. */
static struct watch_guest *take_guest(struct watch_stats *stats,
				      const char *name)
{
	struct watch_guest *guest;

	for (unsigned int i = 0; i < stats->guest_count; i++)
		if (!strcmp(stats->guests[i].name, name))
			return &stats->guests[i];
	guest = grow((void **)&stats->guests, &stats->guest_count,
		     sizeof(*guest));
	if (!guest)
		return NULL;
	guest->name = strdup(name);
	if (!guest->name)
		stats->guest_count--;
	return guest->name ? guest : NULL;
}

static struct watch_bus *take_bus(struct watch_stats *stats, const char *name)
{
	struct watch_bus *bus;

	for (unsigned int i = 0; i < stats->bus_count; i++)
		if (!strcmp(stats->buses[i].name, name))
			return &stats->buses[i];
	bus = grow((void **)&stats->buses, &stats->bus_count, sizeof(*bus));
	if (!bus)
		return NULL;
	bus->name = strdup(name);
	if (!bus->name)
		stats->bus_count--;
	return bus->name ? bus : NULL;
}

static int add_share(struct watch_stats *stats,
		     const struct watch_metric *metric)
{
	const struct watch_guest *guest =
		take_guest(stats, watch_metric_label(metric, "guest"));
	const struct watch_bus *bus =
		take_bus(stats, watch_metric_label(metric, "bus"));
	struct watch_share *share;

	if (!guest || !bus)
		return -ENOMEM;
	share = grow((void **)&stats->shares, &stats->share_count,
		     sizeof(*share));
	if (!share)
		return -ENOMEM;
	*share = (struct watch_share){
		.guest = guest - stats->guests,
		.bus = bus - stats->buses,
		.seconds = metric->value,
	};
	return 0;
}

static int set_state(struct watch_stats *stats,
		     const struct watch_metric *metric)
{
	struct watch_guest *guest =
		take_guest(stats, watch_metric_label(metric, "guest"));

	if (!guest)
		return -ENOMEM;
	if (metric->value > 0)
		snprintf(guest->state, sizeof(guest->state), "%s",
			 watch_metric_label(metric, "state"));
	return 0;
}

static int set_bus(struct watch_stats *stats, const struct watch_metric *metric)
{
	struct watch_bus *bus =
		take_bus(stats, watch_metric_label(metric, "bus"));

	if (!bus)
		return -ENOMEM;
	bus->waiting = metric->value;
	return 0;
}

/* Figures of a guest; those with several lines are added up. */
static const struct figure {
	const char *name;
	size_t offset;
} figures[] = {
	{ "guest_requests_total", offsetof(struct watch_guest, requests) },
	{ "guest_request_errors_total", offsetof(struct watch_guest, errors) },
	{ "guest_sent_bytes_total", offsetof(struct watch_guest, sent) },
	{ "guest_received_bytes_total",
	  offsetof(struct watch_guest, received) },
	{ "guest_bus_holding_seconds", offsetof(struct watch_guest, holding) },
	{ "guest_bus_waiting_seconds", offsetof(struct watch_guest, waiting) },
};

static int add_figure(struct watch_stats *stats, const char *name,
		      const struct watch_metric *metric)
{
	for (unsigned int i = 0; i < sizeof(figures) / sizeof(figures[0]);
	     i++) {
		struct watch_guest *guest;

		if (strcmp(name, figures[i].name) != 0)
			continue;
		guest = take_guest(stats, watch_metric_label(metric, "guest"));
		if (!guest)
			return -ENOMEM;
		*(double *)(void *)((char *)guest + figures[i].offset) +=
			metric->value;
	}
	return 0;
}

static int add_metric(struct watch_stats *stats,
		      const struct watch_metric *metric)
{
	const char *name = metric->name;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	name += strlen(PREFIX);
	if (!strcmp(name, "guest_device_bus_seconds_total"))
		return add_share(stats, metric);
	if (!strcmp(name, "guest_state"))
		return set_state(stats, metric);
	if (!strcmp(name, "bus_waiting_guests"))
		return set_bus(stats, metric);
	if (!strcmp(name, "build_info"))
		snprintf(stats->version, sizeof(stats->version), "%s",
			 watch_metric_label(metric, "version"));
	return add_figure(stats, name, metric);
}

int watch_stats_read(struct watch_stats *stats, FILE *file)
{
	struct watch_metric metric;
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	*stats = (struct watch_stats){ .guest_count = 0 };
	while (!err && getline(&line, &size, file) >= 0)
		if (watch_metric_parse(line, &metric))
			err = add_metric(stats, &metric);
	free(line);
	if (!err && ferror(file))
		err = -EIO;
	if (err)
		watch_stats_free(stats);
	return err;
}

void watch_stats_free(struct watch_stats *stats)
{
	for (unsigned int i = 0; i < stats->guest_count; i++)
		free(stats->guests[i].name);
	for (unsigned int i = 0; i < stats->bus_count; i++)
		free(stats->buses[i].name);
	free(stats->guests);
	free(stats->buses);
	free(stats->shares);
	*stats = (struct watch_stats){ .guest_count = 0 };
}

const struct watch_guest *watch_stats_guest(const struct watch_stats *stats,
					    const char *name)
{
	for (unsigned int i = 0; i < stats->guest_count; i++)
		if (!strcmp(stats->guests[i].name, name))
			return &stats->guests[i];
	return NULL;
}

double watch_stats_share(const struct watch_stats *stats, const char *guest,
			 const char *bus)
{
	double seconds = 0;

	for (unsigned int i = 0; i < stats->share_count; i++) {
		const struct watch_share *share = &stats->shares[i];

		if (!strcmp(stats->guests[share->guest].name, guest) &&
		    !strcmp(stats->buses[share->bus].name, bus))
			seconds += share->seconds;
	}
	return seconds;
}
