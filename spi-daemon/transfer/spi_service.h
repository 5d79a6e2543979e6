/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * One guest's requests, from its ring to the chips and back.
 *
 * The service never waits. Its worker calls spi_service_step() again and
 * again; each step takes a bounded time (one piece of a transfer, at most),
 * and between steps the worker answers its front end.
 */
#ifndef SPI_SERVICE_H
#define SPI_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "vhost/call_pace.h"
#include "spi-daemon/transfer/spi_job.h"
#include "spi-daemon/transfer/spi_message.h"
#include "spi-daemon/transfer/spi_transfer.h"
#include "vhost/session.h"

struct spi_service {
	struct guest_log log;
	struct controller *controller;
	struct vhost_session *session; /* NULL: no front end */
	bool new_guest;		       /* no driver of it has begun yet */
	struct chain chain;	       /* the job's */
	struct job job;
	struct spi_message message;
	uint64_t now; /* monotonic ns: when the last step ended, or earlier */
	uint64_t call_by;      /* monotonic ns, while the ring owes a call */
	struct call_pace pace; /* and how long after a request that is */
	uint64_t taken;	       /* requests, of all times */
	uint64_t miss_until; /* monotonic ns, while memory cannot be reached */
	uint64_t miss_asks;  /* what the front end was asked until then */
	bool replay;	     /* run again what may have been run: --replay */
	bool told_unmapped;  /* why a driver's buffer may not be in memory */
	struct bounce bounce;
	struct guest_stats stats; /* the worker's: others only read */
};

/* @guest and @controller must outlive the service. Returns 0 or negative errno.
 */
int spi_service_init(struct spi_service *service, const char *guest,
		     struct controller *controller);
void spi_service_fini(struct spi_service *service);

/* The controller's config has changed. */
void spi_service_config_changed(struct spi_service *service);

/* What the service is to the vhost-user back end. */
extern const struct vhost_device_ops spi_service_ops;

/*
 * Does one bounded piece of work on the ring, which is active. @now is
 * monotonic, ns; ->now is moved on if the work takes time. The driver is called
 * for what was done when the ring is empty, but at the latest call_pace_ns()
 * later, if the steps go on, or before a longer transfer. Call
 * spi_service_settle() before doing or waiting for anything else.
 */
enum spi_progress spi_service_step(struct spi_service *service, uint64_t now);

/*
 * The same; but steps of one request follow each other, up to its first piece,
 * if nothing is in the way.
 */
enum spi_progress spi_service_serve(struct spi_service *service, uint64_t now);

/*
 * The steps do not go on at once, and there is a front end: does what was put
 * off for the next one. That is to leave the bus, and to call the driver.
 */
void spi_service_settle(struct spi_service *service);

/*
 * When to step at the latest, monotonic ns, even if the ring is idle or not
 * active; CLOCK_NEVER if nothing is due.
 */
uint64_t spi_service_deadline(const struct spi_service *service);

/* Does what is due, if anything is, without touching the ring. */
void spi_service_tick(struct spi_service *service, uint64_t now);

/*
 * Ends the request in hand, with VIRTIO_SPI_TRANS_ERR if it was begun, and
 * releases the chip.
 */
void spi_service_abort(struct spi_service *service);

#endif
