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

#include "spi-daemon/bus/bus.h"
#include "spi-daemon/transfer/chip_select.h"
#include "spi-daemon/system/log.h"
#include "spi-daemon/bus/controller.h"
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
	const char *guest; /* its name in the log */
	struct controller *controller;
	struct vhost_session *session; /* NULL: no front end */
	struct bus_user user;
	struct bus *bus;    /* owned, or waited for; NULL: none */
	struct chain chain; /* the job's */
	struct job job;
	struct chip_select cs;
	uint64_t start_at;   /* monotonic ns, of a QUEUED job */
	uint64_t miss_until; /* monotonic ns, while memory cannot be reached */
	uint64_t miss_asks;  /* what the front end was asked until then */
	uint64_t hold_until; /* monotonic ns, while a chip is held */
	uint64_t linger_until; /* monotonic ns, with a bus and no message */
	uint32_t inactive_ns;  /* what follows the held chip's release */
	bool cut_is_bounded;   /* no more than so many of the next */
	uint16_t cut_left;     /* requests can be of the cut message */
	bool replay;	       /* run again what may have been run: --replay */
	struct bounce bounce;
	struct log_limit log_limit;
	struct guest_stats stats; /* the worker's: others only read */
};

enum spi_progress {
	SPI_IDLE, /* nothing to take: wait for a kick or the front end */
	SPI_MORE, /* step again */
	SPI_WAIT, /* wait for ->user.wake or the deadline */
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

/* Logs a line about this guest, unless it had too many of late. */
__attribute__((format(printf, 2, 3))) void
spi_service_complain(struct spi_service *service, const char *format, ...);

/*
 * Ends the request in hand, with VIRTIO_SPI_TRANS_ERR if it was begun, and
 * releases the chip.
 */
void spi_service_abort(struct spi_service *service);

#endif
