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

#include "spi-daemon/transfer/spi_message.h"
#include "spi-daemon/transfer/spi_transfer.h"
#include "vhost/session.h"

enum job_phase {
	JOB_NONE,
	JOB_QUEUED, /* popped and checked; the bus is not ours yet */
	JOB_RUNS,   /* some of it may be on the wire already */
	JOB_CLEARS, /* it failed; its rx buffer is being cleared */
};

/* The request in hand. */
struct job {
	enum job_phase phase;
	struct spi_transfer transfer;
	struct cs_request framed;
	struct cs_plan plan;
	uint64_t left;		       /* bytes to clear */
	struct chain_cursor clear;     /* where CLEARS goes on */
	enum virtio_spi_status status; /* after CLEARS */
	bool gave_up; /* some of the guest's memory cannot be reached */
};

struct spi_service {
	struct guest_log log;
	struct controller *controller;
	struct vhost_session *session; /* NULL: no front end */
	struct chain chain;	       /* the job's */
	struct job job;
	struct spi_message message;
	uint64_t miss_until; /* monotonic ns, while memory cannot be reached */
	uint64_t miss_asks;  /* what the front end was asked until then */
	bool replay;	     /* run again what may have been run: --replay */
	struct bounce bounce;
	struct guest_stats stats; /* the worker's: others only read */
};

enum spi_progress {
	SPI_IDLE, /* nothing to take: wait for a kick or the front end */
	SPI_MORE, /* step again */
	SPI_WAIT, /* wait for ->message.user.wake or the deadline */
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
 * monotonic, ns.
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
