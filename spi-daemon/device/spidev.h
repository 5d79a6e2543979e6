/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A chip behind the kernel's spidev: the only user of SPI ioctls. */
#ifndef DEVICE_SPIDEV_H
#define DEVICE_SPIDEV_H

#include <stddef.h>

#include "spi-daemon/device/spi_device.h"

/*
 * Opens the SPI device file @path and probes what its controller can do. The
 * probe transfers nothing and never selects the chip. It does not try an
 * active-high chip select: @cs_high says whether guests may use one.
 * Stores the new device, which spi_device_close() frees, in @out.
 * Returns 0; -ENOTTY if @path is not a SPI device; or another negative errno.
 */
int spidev_open(const char *path, enum cs_high cs_high,
		struct spi_device **out);

/*
 * Stores in @name, of @size bytes, the name of the controller that the chip
 * @path belongs to, e.g. "spi0". Chips of one controller share a bus. If the
 * controller is not found, its name is @path.
 */
void spidev_bus_name(const char *path, char *name, size_t size);

#endif
