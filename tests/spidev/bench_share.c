/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What a transfer's time is made of on emulated boards, as the kernel traces
 * it: the bus, the kernel around it, and the rest. The rest is wake-ups, the
 * driver and the daemon; what it is for the floor (spi-floor), which has no
 * daemon and next to no driver, is subtracted for the share of these two. The
 * clock of the bus is not emulated: a controller takes what its driver takes.
 */
#include <string.h>

#include "tests/bench/speed/spread.h"
#include "tests/spidev/bench.h"
#include "tests/spidev/board.h"

#define REQUESTS 60 /* whose trace fits */

struct parts {
	double bus[REQUESTS], kernel[REQUESTS], rest[REQUESTS];
	unsigned int count;
};

/* From one ioctl to the next one. */
static void add_request(struct parts *parts, const struct trace_event *ioctl,
			const struct trace_event *next)
{
	double start = 0, bus = 0, released = 0;

	for (const struct trace_event *e = ioctl; e < next; e++) {
		if (e->kind == TRACE_START)
			start = (double)e->us;
		else if (e->kind == TRACE_STOP)
			bus += (double)e->us - start;
		else if (e->kind == TRACE_RELEASE)
			released = (double)e->us;
	}
	if (released <= 0 || parts->count == REQUESTS)
		return;
	parts->bus[parts->count] = bus;
	parts->kernel[parts->count] = released - (double)ioctl->us - bus;
	parts->rest[parts->count++] = (double)next->us - released;
}

static void read_parts(const struct trace *trace, struct parts *parts)
{
	const struct trace_event *last = NULL;

	parts->count = 0;
	for (unsigned int i = 0; i < trace->count; i++) {
		const struct trace_event *event = &trace->events[i];

		if (event->kind != TRACE_IOCTL)
			continue;
		if (last)
			add_request(parts, last, event);
		last = event;
	}
}

struct medians {
	double bus, kernel, rest;
};

/* Reads the last trace. */
static struct medians read_medians(struct bench *b)
{
	static struct parts parts;

	read_parts(&b->trace, &parts);
	if (!parts.count)
		fail_msg("no request in the trace: %s", bench_wire(b));
	return (struct medians){
		.bus = spread_of(parts.bus, parts.count).median,
		.kernel = spread_of(parts.kernel, parts.count).median,
		.rest = spread_of(parts.rest, parts.count).median,
	};
}

static struct medians measure_floor(struct bench *b, unsigned int len)
{
	bench_run(b, "stop_daemon TERM; traced spi-floor /dev/spidev%s %u %u",
		  b->device + strlen("spi"), REQUESTS, len);
	bench_read_trace(b);
	return read_medians(b);
}

static struct medians measure_daemon(struct bench *b, unsigned int len)
{
	bench_serve(b, "cs=spec");
	bench_stream(b, "change=1 speed=%u times:%u send:%u", b->max_speed,
		     REQUESTS, len);
	return read_medians(b);
}

static void print_parts(unsigned int len, const char *name, struct medians m)
{
	print_message("%5u B  %-6s %7.0f us: bus %.0f us, kernel %.0f us, rest "
		      "%.0f us\n",
		      len, name, m.bus + m.kernel + m.rest, m.bus, m.kernel,
		      m.rest);
}

static void measure(struct bench *b, unsigned int len)
{
	struct medians floor = measure_floor(b, len);
	struct medians daemon = measure_daemon(b, len);
	double more = daemon.rest - floor.rest;

	print_parts(len, "floor", floor);
	print_parts(len, "daemon", daemon);
	print_message("         daemon and driver: %.0f us, %.0f %%\n", more,
		      more / (daemon.bus + daemon.kernel + daemon.rest) * 100);
}

static void parts_of_a_request(void **state)
{
	static const unsigned int lens[] = { 4, 64, 1024, 4096 };
	struct bench *b = bench_open(state);

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		measure(b, lens[i]);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(parts_of_a_request),
};
static const size_t case_count = sizeof(cases) / sizeof(cases[0]);

int main(void)
{
	static const struct bench_group groups[] = {
		{ cases, &case_count },
		{ NULL, NULL },
	};
	static const struct bench sifive_u = { .device = "spi0.0",
					       .max_speed = 50000000 };
	static const struct bench sabrelite = { .device = "spi0.0",
						.max_speed = 20000000 };
	int failed = bench_board_main(&board_sifive_u, NULL, &sifive_u, groups);

	return failed +
	       bench_board_main(&board_sabrelite, NULL, &sabrelite, groups);
}
