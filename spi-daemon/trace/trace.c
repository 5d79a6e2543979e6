/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spi-daemon/system/clock.h"
#include "spi-daemon/trace/trace.h"

/*
 * What is so old, ns, can be written: messages of other buses that began
 * earlier have been told of. They are longer only if one word is.
 */
#define AGE_NS (100 * NS_PER_MS)

/* How often there is a look for what has become so old, ns */
#define LOOK_NS (20 * NS_PER_MS)

/* How often an attempt is made to write again, after an error, ns */
#define RETRY_NS NS_PER_S

/* Chips of one trace: the number is in 16 bits. */
#define CHIPS_MAX UINT16_MAX

/* The format that the name of a file stands for */
static const struct trace_kind_name {
	const char *suffix;
	bool of_requests;
	struct trace_format *(*make)(struct trace_out *out, uint64_t limit);
} formats[] = {
	{ ".vcd", false, vcd_new },
	{ ".txt", false, text_new },
	{ ".jsonl", true, jsonl_new },
};

static const struct trace_kind_name *find_format(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t end = strlen(formats[i].suffix);

		if (len > end && !strcmp(path + len - end, formats[i].suffix))
			return &formats[i];
	}
	return NULL;
}

/* Has the file tell of @record, or count it. */
static void add_record(struct trace *trace, const struct trace_record *record)
{
	if (trace->out.fd >= 0 || record->kind == TRACE_CHIP)
		trace->format->ops->add(trace->format, record);
	else
		trace_out_count(&trace->out,
				record->kind == TRACE_LOST ? record->lost : 1);
}

/* Takes what is in the queue. Returns false if no more will come. */
static bool take_records(struct trace *trace, uint64_t until)
{
	const struct trace_buffer *buffer;
	struct trace_record lost;
	size_t at = 0;
	bool ends;

	buffer = trace_queue_take(&trace->queue, until, &lost, &ends);
	while (at < buffer->len) {
		const struct trace_record *record =
			(const void *)(buffer->bytes + at);

		add_record(trace, record);
		at += record->size;
	}
	if (lost.lost)
		add_record(trace, &lost);
	return !ends;
}

/* The file has an error: begins another one, if that is possible by now. */
static void try_again(struct trace *trace, uint64_t now)
{
	struct trace_record lost = {
		.size = trace_record_size(0),
		.kind = TRACE_LOST,
		.begin = trace->out.since,
		.end = now,
	};

	if (now < trace->retry_at)
		return;
	trace->retry_at = now + RETRY_NS;
	lost.lost = trace_out_resume(&trace->out);
	if (lost.lost)
		add_record(trace, &lost);
}

static void *run(void *arg)
{
	struct trace *trace = arg;
	struct trace_format *format = trace->format;
	uint64_t until = CLOCK_NEVER;

	while (take_records(trace, until)) {
		uint64_t now = clock_now();
		bool more;

		if (trace->out.fd < 0)
			try_again(trace, now);
		more = format->ops->write(format, now - AGE_NS);
		trace_out_flush(&trace->out);
		until = more ? now + LOOK_NS : CLOCK_NEVER;
		if (trace->out.fd < 0)
			until = now + RETRY_NS;
	}
	trace->retry_at = 0;
	if (trace->out.fd < 0)
		try_again(trace, clock_now());
	format->ops->close(format);
	return NULL;
}

static int start(struct trace *trace)
{
	int ret = trace_queue_init(&trace->queue);

	if (ret < 0)
		return ret;
	ret = -pthread_create(&trace->thread, NULL, run, trace);
	if (ret < 0)
		trace_queue_fini(&trace->queue);
	return ret;
}

int trace_open(const char *path, uint64_t size, struct trace **out, char *error,
	       size_t error_size)
{
	const struct trace_kind_name *found = find_format(path);
	struct trace *trace;
	int ret;

	if (!found) {
		snprintf(error, error_size,
			 "%.200s: its name ends not in .vcd, .txt or .jsonl",
			 path);
		return -EINVAL;
	}
	trace = calloc(1, sizeof(*trace));
	if (!trace) {
		snprintf(error, error_size, "%.200s: out of memory", path);
		return -ENOMEM;
	}
	ret = trace_out_open(&trace->out, path, error, error_size);
	if (ret < 0)
		goto free_trace;
	trace->path = trace->out.path;
	trace->of_requests = found->of_requests;
	trace->format = found->make(&trace->out, size);
	ret = trace->format ? start(trace) : -ENOMEM;
	if (!ret) {
		*out = trace;
		return 0;
	}
	snprintf(error, error_size, "%.200s: %s", path, strerror(-ret));
	if (trace->format)
		trace->format->ops->close(trace->format);
	trace_out_close(&trace->out);
free_trace:
	free(trace);
	return ret;
}

void trace_close(struct trace *trace)
{
	trace_queue_end(&trace->queue);
	pthread_join(trace->thread, NULL);
	trace_queue_fini(&trace->queue);
	trace_out_close(&trace->out);
	free(trace->chips);
	free(trace);
}

/* Tells the thread of @trace; waits for it if the queue is full. */
static void tell_chip(struct trace *trace, unsigned int number)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct trace_record record = {
		.kind = TRACE_CHIP,
		.chip = (uint16_t)number,
		.begin = clock_now(),
	};

	while (!trace_queue_put(&trace->queue, &record, &trace->chips[number],
				NULL, sizeof(struct trace_chip)))
		nanosleep(&moment, NULL);
}

int trace_add_chip(struct trace *trace, const struct trace_chip *chip)
{
	unsigned int number = 0;
	struct trace_chip *chips;

	while (number < trace->chip_count &&
	       (trace->chips[number].cs != chip->cs ||
		strcmp(trace->chips[number].bus, chip->bus) != 0))
		number++;
	if (number < trace->chip_count)
		return (int)number;
	if (number == CHIPS_MAX)
		return -ENOSPC;
	chips = reallocarray(trace->chips, number + 1, sizeof(*chips));
	if (!chips)
		return -ENOMEM;
	trace->chips = chips;
	chips[number] = *chip;
	trace->chip_count++;
	tell_chip(trace, number);
	return (int)number;
}
