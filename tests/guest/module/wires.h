/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wires of a board beside its SPI bus: interrupts, GPIOs and supplies. None
 * leads from a virtual machine to a chip, so these are stand-ins: an interrupt
 * that comes every 10 ms, for a driver that looks what its chip wants, GPIOs
 * that never change, and supplies that are always on.
 */
#ifndef SPI_BOARD_WIRES_H
#define SPI_BOARD_WIRES_H

#include "item.h"

struct wires;

/*
 * Makes the wires of @item for a device that will be called @device, of the
 * controller @parent. Returns NULL if it has none, or an ERR_PTR. @item and
 * @device have to stay.
 */
struct wires *wires_add(const struct item *item, const char *device,
			struct device *parent);

/* Returns the number of the interrupt, or 0. @wires may be NULL. */
int wires_irq(const struct wires *wires);

/* Removes them, once the device is gone. @wires may be NULL. */
void wires_remove(struct wires *wires);

/* The GPIO controller of all boards. Returns 0 or a negative errno. */
int wires_init(void);
void wires_exit(void);

#endif
