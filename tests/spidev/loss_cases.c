/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The device at the daemon's start, and when it goes away and comes back. */
#include "tests/spidev/bench.h"

#include <string.h>

static void chip_is_not_selected_when_the_daemon_starts(void **state)
{
	struct bench *b = bench_open(state);

	bench_run(b, "stop_daemon TERM; traced start_daemon /dev/spidev%s",
		  b->device + strlen("spi"));
	bench_read_trace(b);
	assert_int_equal(trace_count(&b->trace, TRACE_SELECT), 0);
	assert_int_equal(trace_count(&b->trace, TRACE_START), 0);
	assert_int_equal(trace_count(&b->trace, TRACE_MESSAGE), 0);
	/* A GPIO chip select has a level of its own: high, that is released. */
	bench_run(b, "! grep -q 'gpio_value: .* set 0' /run/trace");
}

static void mode_is_as_before_when_the_daemon_has_started(void **state)
{
	struct bench *b = bench_open(state);
	const char *last;

	bench_run(b, "stop_daemon TERM; traced start_daemon /dev/spidev%s",
		  b->device + strlen("spi"));
	bench_read_trace(b);
	last = strrchr(bench_wire(b), 'm');
	assert_string_equal(last, "m0");
	bench_stream(b, "dup:0500");
	assert_string_equal(bench_wire(b), "+ d2 -");
}

static void request_fails_when_the_device_is_gone(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	bench_run(b, "unbind %s", b->device);
	bench_run(b, "spi-stream /run/s0 dup:0500 dup:0500; bind %s",
		  b->device);
	assert_string_equal(b->out, "TRANS_ERR\nTRANS_ERR");
	assert_string_equal(bench_run(b,
				      "grep -c 'guest 0: /dev/spidev%s: "
				      "SPI_IOC_MESSAGE: ' /run/daemon.log",
				      b->device + strlen("spi")),
			    "1");
	assert_string_equal(bench_stream(b, "tx:9f rx:3"), b->id);
	/* After a failure the chip may be selected: the mode releases it. */
	assert_string_equal(bench_wire(b), "m0 + t1 r3 -");
}

static void log_stays_short_when_requests_fail_on_and_on(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	bench_run(b, "unbind %s", b->device);
	bench_run(b,
		  "spi-stream /run/s0 times:500 dup:0500 > /run/answers; "
		  "bind %s; grep -c TRANS_ERR /run/answers",
		  b->device);
	assert_string_equal(b->out, "500");
	bench_run(b, "[ $(wc -l < /run/daemon.log) -lt 100 ]");
	assert_string_equal(bench_stream(b, "tx:9f rx:3"), b->id);
}

static void next_message_is_whole_when_the_device_left_in_one(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=10000");
	bench_run(b,
		  "(sleep 0.5; unbind %s; sleep 0.2; bind %s) & "
		  "traced spi-stream /run/s0 tx:9f sleep:6000 rx:3 sleep:50 "
		  "tx:9f change=1 rx:3; wait",
		  b->device, b->device);
	assert_non_null(strstr(b->out, "TRANS_ERR\n"));
	assert_non_null(strstr(b->out, b->id));
	bench_read_trace(b);
	assert_int_equal(trace_count(&b->trace, TRACE_SELECT), 2);
	assert_int_equal(trace_count(&b->trace, TRACE_RELEASE), 2);
}

const struct CMUnitTest loss_cases[] = {
	cmocka_unit_test(chip_is_not_selected_when_the_daemon_starts),
	cmocka_unit_test(mode_is_as_before_when_the_daemon_has_started),
	cmocka_unit_test(request_fails_when_the_device_is_gone),
	cmocka_unit_test(log_stays_short_when_requests_fail_on_and_on),
	cmocka_unit_test(next_message_is_whole_when_the_device_left_in_one),
};
const size_t loss_case_count = sizeof(loss_cases) / sizeof(loss_cases[0]);
