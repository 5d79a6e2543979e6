/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a controller can do, found out through spidev. Nothing is transferred
 * and no chip is selected; CS_HIGH is not tried, as it would select one.
 */
#ifndef DEVICE_SPIDEV_PROBE_H
#define DEVICE_SPIDEV_PROBE_H

#include <stdint.h>

#include "spi-daemon/device/spi_device.h"

/* What a request says of the mode; the rest is as the chip comes up. */
#define SPIDEV_REQUEST_BITS (SPI_CPHA | SPI_CPOL | SPI_LSB_FIRST | SPI_LOOP)

/* The mode, SPI_... bits. Setting it releases a held chip. 0 or -errno. */
int spidev_get_mode(int fd, uint32_t *mode);
int spidev_set_mode(int fd, uint32_t mode);

/*
 * Finds out @caps, but for CS_HIGH. @found is the mode that the chip came up
 * with; stores in @base, and leaves set, that mode with the lines added that
 * the controller has. Returns 0 or a negative errno.
 */
int spidev_probe(int fd, uint32_t found, struct spi_caps *caps, uint32_t *base);

#endif
