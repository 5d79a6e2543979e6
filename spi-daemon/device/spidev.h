/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A chip behind the kernel's spidev: the only user of SPI ioctls. */
#ifndef DEVICE_SPIDEV_H
#define DEVICE_SPIDEV_H

#include <stddef.h>

#include "spi-daemon/device/spi_device.h"

/*
 * Opens the SPI device file @path and finds out what its controller can do.
 * That leaves alone chip select and data lines: nothing is transferred, and
 * whether an active-high chip select works is not tried, but taken from
 * @cs_high (or, by default, from how the chip comes up).
 * Stores the new device, which spi_device_close() frees, in @out.
 * Returns 0; -ENOTTY when @path is no SPI device; or another negative errno.
 */
int spidev_open(const char *path, enum cs_high cs_high,
		struct spi_device **out);

/*
 * Names the controller that @path is a chip of, for chips of one controller
 * share a bus: e.g. "spi0". Falls back to @path itself.
 */
void spidev_bus_name(const char *path, char *name, size_t size);

#endif
