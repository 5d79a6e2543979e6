/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/trace/trace_queue.h"

int trace_queue_init(struct trace_queue *q)
{
	pthread_condattr_t attr;

	*q = (struct trace_queue){ .wake_len = SIZE_MAX };
	q->fill.bytes = malloc(TRACE_QUEUE_SIZE);
	q->work.bytes = malloc(TRACE_QUEUE_SIZE);
	if (!q->fill.bytes || !q->work.bytes) {
		free(q->fill.bytes);
		free(q->work.bytes);
		return -ENOMEM;
	}
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &attr);
	pthread_condattr_destroy(&attr);
	return 0;
}

void trace_queue_fini(struct trace_queue *q)
{
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q->fill.bytes);
	free(q->work.bytes);
}

static uint8_t *append(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static void lose(struct trace_queue *q, const struct trace_record *record)
{
	if (!q->lost++)
		q->lost_since = record->begin;
	q->lost_until = record->end;
}

bool trace_queue_put(struct trace_queue *q, struct trace_record *record,
		     const void *tx, const void *rx, uint32_t len)
{
	bool fits, wake;
	uint8_t *at;

	record->bytes = (tx ? len : 0) + (rx ? len : 0);
	record->size = trace_record_size(record->bytes);
	pthread_mutex_lock(&q->lock);
	fits = !q->lost && record->size <= TRACE_QUEUE_SIZE - q->fill.len;
	if (fits) {
		at = append(q->fill.bytes + q->fill.len, record,
			    sizeof(*record));
		if (tx)
			at = append(at, tx, len);
		if (rx)
			append(at, rx, len);
		q->fill.len += record->size;
	} else {
		lose(q, record);
	}
	wake = q->fill.len >= q->wake_len;
	if (wake)
		q->wake_len = SIZE_MAX;
	pthread_mutex_unlock(&q->lock);
	if (wake)
		pthread_cond_signal(&q->filled);
	return fits;
}

/* Until there are @len bytes, or it is @until. */
static void sleep_until(struct trace_queue *q, size_t len, uint64_t until)
{
	const struct timespec at = {
		.tv_sec = (time_t)(until / NS_PER_S),
		.tv_nsec = (long)(until % NS_PER_S),
	};

	q->wake_len = len;
	while (q->fill.len < len && !q->lost && !q->ends) {
		if (until == CLOCK_NEVER)
			pthread_cond_wait(&q->filled, &q->lock);
		else if (pthread_cond_timedwait(&q->filled, &q->lock, &at))
			break;
	}
	q->wake_len = SIZE_MAX;
}

const struct trace_buffer *trace_queue_take(struct trace_queue *q,
					    uint64_t until,
					    struct trace_record *lost,
					    bool *ends)
{
	struct trace_buffer work;

	pthread_mutex_lock(&q->lock);
	sleep_until(q, 1, until);
	sleep_until(q, TRACE_QUEUE_SIZE / 2, clock_now() + TRACE_QUEUE_PACE);
	work = q->fill;
	q->fill = q->work;
	q->fill.len = 0;
	q->work = work;
	*lost = (struct trace_record){
		.size = trace_record_size(0),
		.kind = TRACE_LOST,
		.begin = q->lost_since,
		.end = q->lost_until,
		.lost = q->lost,
	};
	q->lost = 0;
	*ends = q->ends;
	pthread_mutex_unlock(&q->lock);
	return &q->work;
}

void trace_queue_end(struct trace_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->ends = true;
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->filled);
}
