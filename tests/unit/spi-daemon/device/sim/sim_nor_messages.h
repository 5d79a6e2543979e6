/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Messages to the simulated NOR flash, as a device */
#ifndef SIM_NOR_MESSAGES_H
#define SIM_NOR_MESSAGES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/device/sim/sim.h"
#include "tests/lib/test.h"

#define SIZE (64 * 1024u)

/* A message of one piece, full duplex */
static inline void message(struct spi_device *dev, const void *tx, void *rx,
			   uint32_t len)
{
	struct spi_piece piece = {
		.tx = tx, .rx = rx, .len = len, .bits_per_word = 8
	};

	assert_int_equal(spi_device_transfer(dev, &piece), 0);
}

static inline uint8_t status(struct spi_device *dev)
{
	uint8_t rx[2];

	message(dev, "\x05", rx, 1);
	message(dev, "\x05\0", rx, 2);
	return rx[1];
}

static inline void wait_ready(struct spi_device *dev)
{
	while (status(dev) & 1)
		;
}

#endif
