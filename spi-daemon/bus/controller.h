/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The SPI controller that one guest sees: its chips, and what the config
 * space (5.21.4) says of them.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/config/guest/guest_spec.h"
#include "spi-daemon/bus/pool.h"
#include "virtio/spi/spi_config.h"

/* A chip as this guest may use it. */
struct chip {
	const struct device_spec *spec;
	struct handle *handle;
	struct spi_caps caps; /* the device's, within the guest's limits */
	bool is_flash;	      /* served with cs=linux, it told its id */
	bool is_quick; /* its last transfer that its clock made long was not */
	struct own_operation own; /* the guest's, on this chip */
	struct counter hold_ns; /* that the guest's messages for it had a bus */
};

struct controller {
	struct pool *pool;
	uint32_t number;    /* no other of the pool has had it */
	struct chip *chips; /* index: the guest's chip select */
	unsigned int chip_count;
	struct spi_config config; /* what every chip can do */
	uint32_t max_piece;	  /* bytes: the largest of all chips */
};

/*
 * Are the devices of @guest there, as far as can be told without opening
 * them? Returns 0; or a negative errno, with one line (no newline) in @error.
 */
int controller_check(const struct guest_spec *guest, char *error,
		     size_t error_size);

/*
 * Gets all @devices from @pool; both must outlive the controller.
 * Returns 0; or a negative errno, with one line (no newline) in @error.
 */
int controller_open(struct controller *controller, struct pool *pool,
		    struct device_list *devices, char *error,
		    size_t error_size);

/*
 * Takes over what the devices have found out since they were opened: see
 * spi_device_ops.has_setup. Returns whether ->config changed.
 */
bool controller_refresh(struct controller *controller);

/* Gives the devices back. The guest is served no more. */
void controller_close(struct controller *controller);

#endif
