/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A chip behind the kernel's spidev: the only user of SPI ioctls. */
#ifndef DEVICE_SPIDEV_H
#define DEVICE_SPIDEV_H

#include <stdbool.h>

#include "spi-daemon/device/spi_device.h"

/*
 * Opens and locks the SPI device file @path, see spidev_node_open(), and probes
 * what its controller can do. The probe transfers nothing and never selects the
 * chip. It does not try an active-high chip select: @cs_high says whether
 * guests may use one. Stores the new device, which spi_device_close() frees, in
 * @out.
 * @host_shared says that other programs of this host use the device, too: the
 * lock is a shared one, and each message looks at the mode first. Without it,
 * the mode is looked at once in SPIDEV_WATCH_NS, or always once others were
 * seen.
 * Returns 0; -ENOTTY if @path is not a SPI device; -EWOULDBLOCK if another
 * process has locked it; or another negative errno.
 */
int spidev_open(const char *path, enum cs_high cs_high, bool host_shared,
		struct spi_device **out);

#endif
