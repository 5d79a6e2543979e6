/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The traces of the chips in a pool. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/bus/pool.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/trace/chip_name.h"

static bool has_number(const struct pool *pool, const struct pool_bus *bus,
		       unsigned int cs)
{
	const struct handle *handle = pool->handles;

	while (handle && (handle->bus != bus || handle->trace_chip.cs != cs))
		handle = handle->next;
	return handle;
}

/*
 * What the chip is called in traces. One that has no number gets the lowest
 * that is free on its bus.
 */
static struct trace_chip name_chip(const struct pool *pool,
				   const struct device_spec *spec,
				   const struct handle *handle)
{
	bool has_own_bus = spec->kind != DEVICE_SPIDEV && !spec->sim_bus;
	const struct spi_caps *caps = &handle->dev->caps;
	bool is_wide = (caps->tx_nbits | caps->rx_nbits) & VIRTIO_SPI_CAN_QUAD;
	struct trace_chip chip = { .lines = is_wide ? 4 : 2 };

	if (!chip_name_set(&chip,
			   has_own_bus ? handle->name : handle->bus->name,
			   spec->path))
		while (has_number(pool, handle->bus, chip.cs))
			chip.cs++;
	return chip;
}

/* Has the traces that there are see what the chip does, and @own. */
static int attach(struct pool *pool, struct handle *handle, const char *own,
		  char *error, size_t error_size)
{
	return trace_set_attach(&pool->traces, &handle->tap, handle->dev,
				&handle->trace_chip, own, error, error_size);
}

int pool_trace_open(struct pool *pool, const struct device_spec *spec,
		    struct handle *handle, char *error, size_t error_size)
{
	const char *own = spec->trace;
	char why[400];
	int ret;

	handle->trace_chip = name_chip(pool, spec, handle);
	handle->trace = own ? strdup(own) : NULL;
	if (own && !handle->trace)
		return -ENOMEM;
	ret = attach(pool, handle, own, why, sizeof(why));
	if (ret)
		snprintf(error, error_size, "device=%s: trace=%s", spec->path,
			 why);
	return ret;
}

int pool_change_traces(struct pool *pool, char *const *paths,
		       unsigned int count, uint64_t size, char *error,
		       size_t error_size)
{
	int ret = trace_set_change(&pool->traces, paths, count, size, error,
				   error_size);
	char why[400];

	if (ret < 0)
		return ret;
	for (struct handle *h = pool->handles; h; h = h->next)
		if (attach(pool, h, h->trace, why, sizeof(why)))
			log_error("%s: trace=%s", h->name, why);
	return 0;
}

void pool_change_own_trace(struct pool *pool, struct handle *handle,
			   const struct device_spec *spec)
{
	const char *own = spec->trace;
	char why[400];

	free(handle->trace);
	handle->trace = own ? strdup(own) : NULL;
	if (attach(pool, handle, handle->trace, why, sizeof(why)))
		log_error("%s: trace=%s", handle->name, why);
}
