/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Records on their way from the threads of guests to the thread of a trace. Who
 * puts one in never waits for that thread: without room, the record is lost,
 * and counted.
 *
 * There are two buffers. One is filled, under the lock, while the thread of the
 * trace works through the other one.
 */
#ifndef TRACE_QUEUE_H
#define TRACE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spi-daemon/trace/format/trace_record.h"

/* Bytes of each buffer: eight of the longest messages, both ways */
#define TRACE_QUEUE_SIZE (1u << 20)

/* For so long records are left to gather, ns. */
#define TRACE_QUEUE_PACE (10 * UINT64_C(1000000))

struct trace_buffer {
	uint8_t *bytes;
	size_t len;
};

struct trace_queue {
	pthread_mutex_t lock; /* guards all else; nothing is locked inside it */
	pthread_cond_t filled;
	struct trace_buffer fill;
	struct trace_buffer work; /* the reader's alone, between two takes */
	uint64_t lost;		  /* records since the last take */
	uint64_t lost_since;	  /* monotonic ns */
	uint64_t lost_until;
	size_t wake_len; /* the reader sleeps until there are so many bytes; */
			 /* SIZE_MAX: it is awake */
	bool ends;
};

/* Returns 0 or -ENOMEM. */
int trace_queue_init(struct trace_queue *queue);

/* Nobody uses it any more. */
void trace_queue_fini(struct trace_queue *queue);

/*
 * Copies @record, and behind it @tx and @rx, which may be NULL if ->piece says
 * so; fills in ->size and ->bytes. @len: bytes each way. Once a record is lost,
 * so are all until the next take: what is lost is in one piece. Returns false
 * if it is lost. For any thread.
 */
bool trace_queue_put(struct trace_queue *queue, struct trace_record *record,
		     const void *tx, const void *rx, uint32_t len);

/*
 * Sleeps until there is a record, but not longer than until @until, monotonic
 * ns; and after that for a moment, so that not each record wakes it; with
 * ->ends not at all. Then takes all records. Returns them, which stay valid
 * until the next call; what was lost after them is told in @lost, a record
 * whose ->lost can be 0. Stores in @ends if no more will come. For one thread.
 */
const struct trace_buffer *trace_queue_take(struct trace_queue *queue,
					    uint64_t until,
					    struct trace_record *lost,
					    bool *ends);

/* Wakes the reader for the last time. */
void trace_queue_end(struct trace_queue *queue);

#endif
