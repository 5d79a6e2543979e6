/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What the controller in front of every simulated chip can do. */
#ifndef SIM_BUS_H
#define SIM_BUS_H

#include "spi-daemon/device/spi_device.h"

/* Everything that virtio can ask for, at any clock. */
extern const struct spi_caps sim_bus_caps;

/* Waits as long as @piece asks between selecting the chip and the clock. */
void sim_bus_wait_setup(const struct spi_piece *piece);

/*
 * Waits as long as @piece asks between its words and after the last one. All
 * of it comes in one go: the bytes of a simulated chip take no time.
 */
void sim_bus_wait_words(const struct spi_piece *piece);

#endif
