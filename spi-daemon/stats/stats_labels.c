// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "spi-daemon/stats/stats_labels.h"

#include <stdio.h>
#include <stdlib.h>

#include "spi-daemon/stats/prom.h"

static void free_all(char **labels, unsigned int count)
{
	for (unsigned int i = 0; labels && i < count; i++)
		free(labels[i]);
	free(labels);
}

/* device="...",bus="..." */
static char *device_label(const struct handle *device)
{
	char *name = prom_label("device", device->name);
	char *bus = prom_label("bus", device->bus->name);
	char *label = NULL;

	if (name && bus && asprintf(&label, "%s,%s", name, bus) < 0)
		label = NULL;
	free(name);
	free(bus);
	return label;
}

bool stats_labels_make(struct stats_labels *labels,
		       const struct stats_view *view)
{
	bool ok = true;

	labels->guests = calloc(view->guest_count + 1, sizeof(*labels->guests));
	labels->devices =
		calloc(view->device_count + 1, sizeof(*labels->devices));
	labels->buses = calloc(view->bus_count + 1, sizeof(*labels->buses));
	if (!labels->guests || !labels->devices || !labels->buses)
		return false;
	for (unsigned int i = 0; i < view->guest_count; i++) {
		labels->guests[i] =
			prom_label("guest", view->guests[i]->spec.name);
		ok = ok && labels->guests[i];
	}
	for (unsigned int i = 0; i < view->device_count; i++) {
		labels->devices[i] = device_label(view->devices[i]);
		ok = ok && labels->devices[i];
	}
	for (unsigned int i = 0; i < view->bus_count; i++) {
		labels->buses[i] = prom_label("bus", view->buses[i]->name);
		ok = ok && labels->buses[i];
	}
	return ok;
}

void stats_labels_free(struct stats_labels *labels,
		       const struct stats_view *view)
{
	free_all(labels->guests, view->guest_count);
	free_all(labels->devices, view->device_count);
	free_all(labels->buses, view->bus_count);
}
