/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The chip behind a spidev: whether it is selected, in which mode, and what a
 * message has to do first. For spidev.c alone, which makes messages of pieces.
 *
 * These functions return 0 or a negative errno, and then leave the failed step
 * in ->dev.failed_step.
 */
#ifndef DEVICE_SPIDEV_CHIP_H
#define DEVICE_SPIDEV_CHIP_H

#include <stdatomic.h>
#include <stdint.h>

#include "spi-daemon/device/spi_device.h"
#include "spi-daemon/device/spidev_message.h"
#include "spi-daemon/device/spidev_probe.h"
#include "spi-daemon/device/spidev_watch.h"

/* What is known about the chip */
enum chip_state {
	CHIP_RELEASED, /* not selected, and in ->mode */
	CHIP_SELECTED, /* the last message left it selected, in ->mode */
	CHIP_UNKNOWN,  /* an ioctl failed: may be selected, in any mode */
};

/*
 * Whether the controller's driver takes a message that moves no data. Trying it
 * moves chip select, so the first such message that is needed tells.
 */
enum empty_messages {
	EMPTY_UNTRIED,
	EMPTY_TAKEN,
	EMPTY_REFUSED,
};

/*
 * ->state, and what leads to the next one:
 *
 *	any state  a message is done       SELECTED if it keeps the chip,
 *	                                   else RELEASED
 *	any state  the mode is written     RELEASED: the kernel releases
 *	any state  either fails            UNKNOWN
 *	any state  somebody else has       UNKNOWN
 *	           written the mode
 *
 * In RELEASED, a message goes out at once if its mode is ->mode; in SELECTED,
 * it must be. In UNKNOWN, the mode is written before anything else.
 */
struct spidev {
	struct spi_device dev;
	char *path;
	int fd;		       /* -1: the device is gone; state is UNKNOWN */
	uint32_t found_mode;   /* how the chip came up */
	uint32_t base_mode;    /* SPI_... bits that no request changes */
	uint32_t request_bits; /* SPI_... bits that requests may change */
	uint32_t mode;	       /* what was written last, without an error */
	uint32_t unread_bits;  /* of ->mode, which do not read back */
	struct spidev_settings seen; /* when they were read last */
	struct spidev_watch watch;
	enum chip_state state;
	_Atomic enum empty_messages empty; /* written by the bus's owner */
	/* The message that is being sent */
	struct spi_ioc_transfer xfers[SPIDEV_MESSAGE_TRANSFERS];
};

/*
 * Makes the chip ready for a message in @mode, SPI_... bits: opens the device
 * again if it was gone, looks for what other programs have changed, and writes
 * the mode if the chip is not in it. A chip that is held keeps its mode.
 */
int spidev_chip_prepare(struct spidev *spidev, uint32_t mode);

/*
 * Sends @count transfers as one message. The chip stays selected if the last
 * one says so.
 */
int spidev_chip_send(struct spidev *spidev, struct spi_ioc_transfer *xfers,
		     unsigned int count);

/*
 * An empty message moves chip select and nothing else, and leaves the chip
 * released. Where it fails, writing the mode releases the chip; if that works,
 * it is the empty message that the driver refuses.
 */
int spidev_chip_send_empty(struct spidev *spidev);

/*
 * Looks whether the message that is done may have run in another mode, if other
 * programs use the device. If so, returns -EIO.
 */
int spidev_chip_look_after(struct spidev *spidev);

/* Releases the chip, if it may be selected. Never selects one. */
int spidev_chip_release(struct spidev *spidev);

/* Writes the mode, which takes as long as a short transfer. */
int spidev_chip_write_mode(struct spidev *spidev, uint32_t mode);

/*
 * The mode was just written: finds out which of its bits the kernel drops, such
 * as SPI_CS_HIGH with a GPIO as chip select. The clock's mode and the bit order
 * are not among them: if they read back wrong, another program wrote them.
 */
void spidev_chip_read_back(struct spidev *spidev);

/* A failed step: writing the mode would release the chip. */
extern const char spidev_mode_change[];

#endif
