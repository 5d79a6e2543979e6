/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A request as traces tell of it, while it is done. Without a trace of its chip
 * it has no tap, and nothing is noted.
 */
#ifndef JOB_TRACE_H
#define JOB_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/framing/chip_select.h"
#include "spi-daemon/trace/trace_tap.h"
#include "virtio/spi/spi_request.h"

struct job_trace {
	struct trace_tap *tap; /* NULL: no trace */
	uint64_t begin;	       /* monotonic ns */
	struct trace_request request;
};

/* A guest, @guest in the log, has a request for the chip of @tap, or may have.
 */
void job_trace_begin(struct job_trace *trace, struct trace_tap *tap,
		     const char *guest);

/* It is valid, and for that chip. @cs: as it was when it was planned. */
void job_trace_plan(struct job_trace *trace, const struct spi_request *request,
		    const struct chip_select *cs,
		    const struct cs_request *framed,
		    const struct cs_plan *plan);

/* @len more bytes were sent from @tx and received in @rx; each can be NULL. */
void job_trace_bytes(struct job_trace *trace, const uint8_t *tx,
		     const uint8_t *rx, uint64_t len);

/* It is answered. */
void job_trace_end(struct job_trace *trace, enum virtio_spi_status status);

#endif
