/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Two workers with their threads, on simulated chips that they share. */
#ifndef TEST_WORKER_FIXTURE_H
#define TEST_WORKER_FIXTURE_H

#include "spi-daemon/guest/guest_worker.h"
#include "spi-daemon/xfer/spi_front.h"

#define WORKER_TIMEOUT_MS 20000
#define WORKER_COUNT	  2

/* Chip 0 is framed for Linux and held for 5 s; chip 1 is framed by the spec. */
struct worker_fixture {
	char dir[32];
	char paths[WORKER_COUNT][64];
	struct pool pool;
	struct device_list *devices;
	struct guest_spec specs[WORKER_COUNT];
	struct controller controllers[WORKER_COUNT];
	struct guest_worker workers[WORKER_COUNT];
};

/*
 * cmocka fixtures. The teardown makes the workers quit and checks that their
 * sockets are gone and no bus has an owner.
 */
int worker_setup(void **state);
int worker_teardown(void **state);

/* Connects a front end to a worker and starts a ring. */
void worker_open_front(struct worker_fixture *f, unsigned int worker,
		       struct spi_front *front);

/* A valid head: 8 bits, the chip's own clock. */
struct virtio_spi_wire_head worker_head(uint8_t chip, uint8_t cs_change);

/* Runs a transfer on chip 0, and compares what comes back. */
void worker_check(struct spi_front *front);

#endif
