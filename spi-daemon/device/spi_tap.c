/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/device/spi_device.h"
#include "spi-daemon/system/clock.h"

int spi_tap_transfer(struct spi_tap *tap, struct spi_device *dev,
		     const struct spi_piece *piece)
{
	uint64_t begin = clock_now();
	int ret = dev->ops->transfer(dev, piece);

	tap->transferred(tap, piece, ret, begin, clock_now());
	return ret;
}

int spi_tap_release(struct spi_tap *tap, struct spi_device *dev)
{
	int ret = dev->ops->release(dev);

	tap->released(tap, clock_now());
	return ret;
}
