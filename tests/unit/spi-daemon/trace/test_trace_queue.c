/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Records between threads: order, losses, and who waits for whom. */
#include <pthread.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/trace/trace_queue.h"
#include "tests/lib/test.h"

static uint8_t bytes[65536];

static bool put(struct trace_queue *q, uint64_t at, uint32_t len)
{
	struct trace_record record = { .kind = TRACE_PIECE,
				       .begin = at,
				       .end = at + 1 };

	return trace_queue_put(q, &record, bytes, NULL, len);
}

TEST(records_come_in_order_with_their_bytes)
{
	const struct trace_buffer *buffer;
	const struct trace_record *record;
	struct trace_record lost;
	struct trace_queue q;
	bool ends;
	size_t at = 0;

	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(trace_queue_init(&q), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(put(&q, i, i));
	buffer = trace_queue_take(&q, CLOCK_NEVER, &lost, &ends);
	for (unsigned int i = 0; i < 3; i++) {
		record = (const void *)(buffer->bytes + at);
		assert_int_equal(record->begin, i);
		assert_int_equal(record->bytes, i);
		assert_memory_equal(trace_record_bytes(record), bytes, i);
		at += record->size;
	}
	assert_int_equal(at, buffer->len);
	assert_int_equal(lost.lost, 0);
	assert_false(ends);
	trace_queue_fini(&q);
}

/* Nobody takes anything: nobody waits, and it is counted. */
TEST(what_has_no_room_is_counted)
{
	struct trace_record lost;
	struct trace_queue q;
	uint64_t count = 0;
	bool ends;

	assert_int_equal(trace_queue_init(&q), 0);
	while (put(&q, count, sizeof(bytes)))
		count++;
	assert_true(count > 10);
	/* It would fit; but what is missing is in one piece. */
	assert_false(put(&q, count + 7, 1));
	trace_queue_take(&q, CLOCK_NEVER, &lost, &ends);
	assert_int_equal(lost.lost, 2);
	assert_int_equal(lost.begin, count);
	assert_int_equal(lost.end, count + 8);
	assert_true(put(&q, 0, 1));
	trace_queue_take(&q, CLOCK_NEVER, &lost, &ends);
	assert_int_equal(lost.lost, 0);
	trace_queue_fini(&q);
}

TEST(reader_waits_no_longer_than_it_says)
{
	uint64_t begin = clock_now();
	struct trace_record lost;
	struct trace_queue q;
	bool ends;

	assert_int_equal(trace_queue_init(&q), 0);
	assert_int_equal(
		trace_queue_take(&q, begin + 50 * NS_PER_MS, &lost, &ends)->len,
		0);
	assert_true(clock_now() - begin >= 50 * NS_PER_MS);
	trace_queue_end(&q);
	trace_queue_take(&q, CLOCK_NEVER, &lost, &ends);
	assert_true(ends);
	trace_queue_fini(&q);
}

#define WRITERS 3
#define EACH	20000

static void *write_many(void *arg)
{
	struct trace_queue *q = arg;

	for (uint64_t i = 0; i < EACH; i++)
		put(q, i, 100);
	return NULL;
}

TEST(nothing_is_missing_but_what_is_counted)
{
	pthread_t threads[WRITERS];
	struct trace_record lost;
	struct trace_queue q;
	uint64_t sum = 0;
	bool ends = false;

	assert_int_equal(trace_queue_init(&q), 0);
	for (unsigned int i = 0; i < WRITERS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, write_many, &q), 0);
	while (sum < WRITERS * EACH) {
		const struct trace_buffer *buffer =
			trace_queue_take(&q, CLOCK_NEVER, &lost, &ends);

		for (size_t at = 0; at < buffer->len; sum++)
			at += ((const struct trace_record
					*)(const void *)(buffer->bytes + at))
				      ->size;
		sum += lost.lost;
	}
	assert_int_equal(sum, WRITERS * EACH);
	for (unsigned int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	trace_queue_fini(&q);
}

TEST_MAIN(NULL, NULL)
