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

#include "spi-daemon/transfer/spi_job.h"
#include "spi-daemon/transfer/spi_message.h"
#include "spi-daemon/transfer/spi_transfer.h"
#include "vhost/session.h"

struct spi_service {
	struct guest_log log;
	struct controller *controller;
	struct vhost_session *session; /* NULL: no front end */
	struct chain chain;	       /* the job's */
	struct job job;
	struct spi_message message;
	uint64_t now; /* monotonic ns: when the last step ended, or earlier */
	uint64_t call_by;    /* monotonic ns, while the ring owes a call */
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

/* What the service is to the vhost-user back end. */
extern const struct vhost_device_ops spi_service_ops;

/*
 * Does one bounded piece of work on the ring, which is active. @now is
 * monotonic, ns; ->now is moved on if the work takes time. The driver is called
 * for what was done when the ring is empty, but at the latest SPI_CALL_NS
 * later, if the steps go on, or before a longer transfer. Call
 * vhost_session_call() before waiting for anything.
 */
enum spi_progress spi_service_step(struct spi_service *service, uint64_t now);

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
