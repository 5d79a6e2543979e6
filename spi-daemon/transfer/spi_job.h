/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * The request in hand, from its chain to its answer.
 *
 * What each event does, by the job's phase. "-" cannot happen: an assert.
 * CLEARS and CLEARS_REST are called clearing.
 *
 *	event			NONE		QUEUED		RUNS, clearing
 *
 *	spi_job_begin()		QUEUED		-		-
 *	 it is refused		CLEARS
 *	 it is unreachable	CLEARS_REST
 *	spi_job_start()		-		RUNS		-
 *	 it has to wait				QUEUED
 *	 it is kept				NONE: OK
 *	 it is lost				CLEARS
 *	spi_job_run()		-		-		RUNS only: RUNS
 *	 all is transferred					NONE: OK
 *	 the device failed					CLEARS
 *	spi_job_clear()		-		-		clearing only:
 *	 all is cleared						NONE: an error
 *	spi_job_give_up()	-		CLEARS_REST	CLEARS_REST
 *	spi_job_give_back()	-		NONE		-
 *	spi_job_stop()		-		-		RUNS only:
 *								CLEARS
 *	spi_job_end()		-		-		clearing only:
 *								NONE: an error
 */
#ifndef SPI_JOB_H
#define SPI_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "spi-daemon/framing/chip_select.h"
#include "vhost/call_pace.h"
#include "spi-daemon/transfer/spi_transfer.h"
#include "spi-daemon/transfer/trace/job_trace.h"
#include "virtio/ring/chain.h"

struct spi_service;

/* The only queue of the device */
#define SPI_REQUESTQ 0

/*
 * A transfer that takes so long by itself, ns, is not begun before the call
 * that tells the guest of requests that were done: call_pace.h.
 */
#define SPI_LONG_NS CALL_PACE_NS

/* How much of a failed request's rx buffer is cleared in one step, in bytes */
#define SPI_JOB_CLEAR_STEP (4u << 20)

enum job_phase {
	JOB_NONE,
	JOB_QUEUED,	 /* popped and checked; the bus is not ours yet */
	JOB_RUNS,	 /* some of it may be on the wire already */
	JOB_CLEARS,	 /* it failed; its rx buffer is being cleared */
	JOB_CLEARS_REST, /* the same, but for what cannot be reached */
};

struct job {
	enum job_phase phase;
	struct spi_transfer transfer;
	struct cs_request framed;
	struct chip *chip; /* the request's */
	struct cs_plan plan;
	uint64_t left;		       /* bytes to clear */
	struct chain_cursor clear;     /* where clearing goes on */
	enum virtio_spi_status status; /* the answer after clearing */
	struct job_trace trace;	       /* without a tap in JOB_NONE */
};

enum spi_progress {
	SPI_IDLE, /* nothing to take: wait for a kick or the front end */
	SPI_MORE, /* step again */
	SPI_WAIT, /* wait for ->message.user.wake or the deadline */
};

static inline bool spi_job_is_clearing(const struct job *job)
{
	return job->phase == JOB_CLEARS || job->phase == JOB_CLEARS_REST;
}

/* Makes a job of the service's chain, which was popped just now. */
void spi_job_begin(struct spi_service *service);

/*
 * Gets the bus for the job, or keeps its request for those that follow. @now is
 * monotonic, ns.
 */
enum spi_progress spi_job_start(struct spi_service *service, uint64_t now);

/* Transfers one piece, from @now on. Sets ->now: when it was done. */
void spi_job_run(struct spi_service *service, uint64_t now);

/* Clears SPI_JOB_CLEAR_STEP bytes at most, and answers when all is cleared. */
void spi_job_clear(struct spi_service *service);

/*
 * Some of the guest's memory will not be found in time: the request fails, and
 * what cannot be reached is not cleared.
 */
void spi_job_give_up(struct spi_service *service);

/* Nothing of the request was done: it goes back to the ring. */
void spi_job_give_back(struct spi_service *service);

/* Cuts the transfer short, as the ring stops. */
void spi_job_stop(struct spi_service *service);

/* Answers although not all is cleared. */
void spi_job_end(struct spi_service *service);

#define SPI_MISS_TEXT 64

/*
 * Says in @text, of SPI_MISS_TEXT bytes, which translation the front end did
 * not send. Returns @text.
 */
const char *spi_job_name_miss(const struct spi_service *service, char *text);

#endif
