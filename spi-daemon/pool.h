/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The chips of the daemon, which all its guests share: one handle for each
 * host device, and one bus for each host controller.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/bus.h"
#include "spi-daemon/device_spec.h"
#include "spi-daemon/device/spi_device.h"
#include "virtio/spi_config.h"

/* One chip. Only the owner of its bus uses ->dev and ->quiet_until. */
struct chip {
	const struct device_spec *spec;
	struct spi_device *dev;
	struct bus *bus;
	uint64_t quiet_until; /* monotonic ns: not to be selected earlier */
};

struct pool_bus {
	struct bus bus;
	char name[64]; /* of its controller */
};

struct pool {
	struct chip *chips; /* index: the guest's chip select */
	unsigned int chip_count;
	struct pool_bus *buses;
	unsigned int bus_count;
	struct spi_config config; /* what every chip can do */
	uint32_t max_piece;	  /* bytes: the largest of all chips */
};

/*
 * Opens all devices. @specs must outlive the pool. On failure writes one line
 * that names the device (no newline) to @error and returns a negative errno.
 */
int pool_open(struct pool *pool, const struct device_spec *specs,
	      unsigned int count, char *error, size_t error_size);

/* Releases all chips and closes all devices. No guest is served any more. */
void pool_close(struct pool *pool);

#endif
