/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A piece as the transfers of spidev messages. */
#ifndef DEVICE_SPIDEV_MESSAGE_H
#define DEVICE_SPIDEV_MESSAGE_H

#include <linux/spi/spidev.h>
#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/device/spi_device.h"

/* The kernel counts each transfer rounded up to a cache line of DMA memory. */
#define SPIDEV_DMA_ALIGN 128

/* Room for a setup delay and for words with delays between them */
#define SPIDEV_MESSAGE_TRANSFERS 33

/*
 * Fills @xfers, SPIDEV_MESSAGE_TRANSFERS of them, with a message that does
 * @piece from byte @done on, and advances @done. A message of up to @max_bytes
 * fits into spidev's buffer. @selects: the message begins with a select edge,
 * so the setup delay applies; then the first transfer is empty if there is a
 * delay. If the piece goes on after this message, the chip stays selected.
 * Returns how many transfers there are.
 */
unsigned int spidev_build_message(const struct spi_piece *piece,
				  uint32_t max_bytes, bool selects,
				  uint32_t *done,
				  struct spi_ioc_transfer *xfers);

#endif
