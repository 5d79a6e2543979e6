/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a chip does on the wire, on its way to the traces of that chip. */
#ifndef TRACE_TAP_H
#define TRACE_TAP_H

#include <pthread.h>

#include "spi-daemon/device/spi_device.h"
#include "spi-daemon/trace/trace.h"

/* Traces of one chip: those of the daemon, and its own */
#define TRACE_TAP_MAX 8

struct trace_link {
	struct trace *trace;
	uint16_t chip; /* its number there */
};

/* Outlives the device. */
struct trace_tap {
	struct spi_tap tap;
	/* Guards what follows. The lock of a queue is taken inside it. */
	pthread_mutex_t lock;
	struct trace_link links[TRACE_TAP_MAX];
	unsigned int count;
};

/* No trace sees anything. */
void trace_tap_init(struct trace_tap *tap);

void trace_tap_fini(struct trace_tap *tap);

/*
 * From now on the @count traces of @links, and no others, see what @dev does. A
 * trace that does not any more can be closed.
 */
void trace_tap_set(struct trace_tap *tap, struct spi_device *dev,
		   const struct trace_link *links, unsigned int count);

/*
 * A request for the chip was taken at @begin and is answered at @end, monotonic
 * ns. For any thread.
 */
void trace_tap_request(struct trace_tap *tap,
		       const struct trace_request *request, uint64_t begin,
		       uint64_t end);

#endif
