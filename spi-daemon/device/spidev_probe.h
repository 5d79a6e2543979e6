/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Probes what a controller can do, through spidev. Transfers nothing and
 * selects no chip; it does not try CS_HIGH, which would select one.
 */
#ifndef DEVICE_SPIDEV_PROBE_H
#define DEVICE_SPIDEV_PROBE_H

#include <stdint.h>

#include "spi-daemon/device/spi_device.h"

/* Mode bits that a request sets. The others stay as the chip came up. */
#define SPIDEV_REQUEST_BITS (SPI_CPHA | SPI_CPOL | SPI_LSB_FIRST | SPI_LOOP)

/*
 * Reads and writes the mode, SPI_... bits. A write releases the chip. Return 0
 * or a negative errno.
 */
int spidev_get_mode(int fd, uint32_t *mode);
int spidev_set_mode(int fd, uint32_t mode);

/* What all who have the device open share. */
struct spidev_settings {
	uint32_t mode;	   /* SPI_... bits */
	uint32_t speed_hz; /* of a transfer that asks for none */
	uint8_t bits;	   /* the same, bits per word */
};

/* Reads the settings. Returns 0 or a negative errno. */
int spidev_get_settings(int fd, struct spidev_settings *settings);

/*
 * Fills in @caps, except for CS_HIGH. @found is the mode that the chip came up
 * with. Stores in @base, and leaves set, that mode with all lines that the
 * controller has. Returns 0 or a negative errno.
 */
int spidev_probe(int fd, uint32_t found, struct spi_caps *caps, uint32_t *base);

#endif
