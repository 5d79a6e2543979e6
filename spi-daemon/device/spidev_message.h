/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A piece as the transfers of spidev messages. */
#ifndef DEVICE_SPIDEV_MESSAGE_H
#define DEVICE_SPIDEV_MESSAGE_H

#include <linux/spi/spidev.h>
#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/spi_device.h"

/* Room for a setup delay, and for words with delays between them. */
#define SPIDEV_MESSAGE_TRANSFERS 33

/* How far a list of pieces was sent. */
struct spidev_cursor {
	const struct spi_piece *piece; /* the next to be sent; NULL: none */
	uint32_t done;		       /* bytes of it */
};

/*
 * Fills @xfers, SPIDEV_MESSAGE_TRANSFERS of them, with a message that does as
 * much as fits of the pieces from @at on, and advances @at. A message of up to
 * @max_bytes each way fits into spidev's buffers. @selects: the message begins
 * with a select edge, so the setup delay applies; then the first transfer is
 * empty if there is a delay. If pieces are left after this message, the chip
 * stays selected. Returns how many transfers there are.
 */
unsigned int spidev_build_message(struct spidev_cursor *at, uint32_t max_bytes,
				  bool selects, struct spi_ioc_transfer *xfers);

#endif
