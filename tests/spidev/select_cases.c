/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Chip select's edges: what is selected when, and until when. */
#include "tests/spidev/bench.h"

#include <string.h>

#define MS 1000 /* microseconds */

/* The id of the flash, behind what comes before it. */
static const char *with_id(const struct bench *b, const char *before)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s%s", before, b->id);
	return text;
}

static void rx_joins_the_tx_before_it_when_cs_is_linux(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	bench_stream(b, "tx:9f rx:3 rx:1 dup:0000 tx:05 change=1 rx:1");
	assert_string_equal(bench_wire(b), "+ t1 r3 - + r1 - + d2 - "
					   "+ t1 r1 -");
}

static void tx_is_released_when_cs_change_is_1_and_cs_is_linux(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	bench_stream(b, "change=1 tx:9f rx:3");
	assert_string_equal(bench_wire(b), "+ t1 - + r3 -");
}

static void message_ends_as_its_opcode_says_when_cs_is_nor(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=nor");
	bench_stream(b, "tx:06 tx:03 tx:000000 rx:4 tx:20 tx:1f0000 tx:04 "
			"tx:05 rx:1");
	assert_string_equal(bench_wire(b), "+ t1 - + t1 t3 r4 - + t1 t3 - "
					   "+ t1 - + t1 r1 -");
}

static void message_ends_as_its_opcode_says_when_cs_is_nand(void **state)
{
	struct bench *b = bench_open(state);

	/* Get feature, page read, program load: a NOR chip ignores them. */
	bench_serve(b, "cs=nand");
	bench_stream(b, "tx:0f tx:c0 rx:1 tx:13 tx:000001 tx:84 tx:0000 tx:55");
	assert_string_equal(bench_wire(b),
			    "+ t1 t1 r1 - + t1 t3 - + t1 t2 t1 -");
}

static void cs_change_is_obeyed_when_cs_is_spec(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec");
	bench_stream(b, "change=0 tx:9f rx:1 rx:1 change=1 rx:1 tx:04 tx:04");
	assert_string_equal(bench_wire(b), "+ t1 r1 r1 r1 - + t1 - + t1 -");
}

static void cs_change_is_as_linux_has_it_when_cs_is_transfer(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=transfer");
	bench_stream(b, "change=1 tx:9f change=0 rx:3 tx:9f rx:3");
	assert_string_equal(bench_wire(b), "+ t1 r3 - + t1 - + r3 -");
}

static void chip_is_released_when_the_hold_time_is_over(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux,cs-hold=50");
	assert_string_equal(bench_stream(b, "tx:9f sleep:1500 rx:3"),
			    "TRANS_ERR");
	assert_string_equal(bench_wire(b), "+ t1 n -");
	assert_true(bench_us(b, TRACE_STOP, 0, TRACE_RELEASE, 0) >= 49 * MS);
	assert_non_null(strstr(bench_log(b), "released"));
}

static void chip_stays_selected_when_the_hold_time_is_long(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux,cs-hold=10000");
	assert_string_equal(bench_stream(b, "tx:9f sleep:300 rx:3"), b->id);
	assert_string_equal(bench_wire(b), "+ t1 r3 -");
}

static void chip_stays_selected_when_nobody_else_wants_the_bus(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=50");
	assert_string_equal(bench_stream(b, "tx:9f sleep:1500 change=1 rx:3"),
			    b->id);
	assert_string_equal(bench_wire(b), "+ t1 r3 -");
}

static void
late_read_has_its_write_sent_again_when_cs_late_says_so(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux,cs-hold=50,cs-late=again");
	assert_string_equal(bench_stream(b, "tx:9f sleep:1500 rx:3"), b->id);
	assert_string_equal(bench_wire(b), "+ t1 n - + t1 r3 -");
}

static void flash_message_is_one_message_whatever_the_guest_takes(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=nor,cs-hold=5000");
	assert_string_equal(bench_stream(b, "tx:9f sleep:300 rx:3"), b->id);
	assert_string_equal(bench_wire(b), "+ t1 r3 -");
	bench_serve(b, "cs=nor,cs-hold=50");
	assert_string_equal(bench_stream(b, "tx:9f sleep:1500 rx:3"), b->id);
	assert_string_equal(bench_wire(b), "+ t1 - + t1 r3 -");
}

static void chip_is_released_when_the_front_end_leaves(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=10000");
	bench_run(b, "traced stream_and_leave /run/s0 tx:9f");
	bench_read_trace(b);
	assert_string_equal(bench_wire(b), "+ t1 n -");
}

static void chip_stays_selected_when_the_ring_stops_and_starts(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=50");
	bench_run(b, "traced stream_and_leave /run/s0 tx:9f stop: sleep:300");
	bench_read_trace(b);
	assert_string_equal(bench_wire(b), "+ t1 n -");
	/* The connection ended the hold, and neither stop: nor cs-hold did. */
	assert_true(bench_us(b, TRACE_STOP, 0, TRACE_RELEASE, 0) >= 300 * MS);
	assert_string_equal(bench_stream(b, "tx:9f stop: start: change=1 rx:3"),
			    b->id);
	assert_string_equal(bench_wire(b), "+ t1 r3 -");
}

static void chip_is_released_when_the_daemon_gets_sigterm(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=10000");
	bench_run(b, "traced sh -c '. /lab.sh; "
		     "spi-stream /run/s0 tx:9f sleep:60000 & "
		     "wait_for_event spi_transfer_stop; "
		     "stop_daemon TERM; kill $!'");
	bench_read_trace(b);
	assert_string_equal(bench_wire(b), "+ t1 n -");
}

static void chip_is_released_when_a_request_is_refused(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=10000");
	assert_string_equal(
		bench_stream(b, "tx:9f bits=64 rx:3 bits=8 sleep:1000"),
		"PARAM_ERR");
	/* The connection, and so the trace, ends a second later. */
	assert_string_equal(bench_wire(b), "+ t1 n -");
	assert_true(bench_us(b, TRACE_STOP, 0, TRACE_RELEASE, 0) < 1000 * MS);
	/* The guest knows by now; its next message is whole. */
	assert_string_equal(bench_stream(b, "tx:9f change=1 rx:3"), b->id);
}

static void chip_is_not_disturbed_when_the_mode_changes_between(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec");
	bench_stream(b, "change=0 mode=3 tx:9f rx:1 change=1 rx:2 "
			"mode=0 dup:0500 dup:0500");
	assert_string_equal(bench_wire(b), "m3 + t1 r1 r2 - m0 + d2 - + d2 -");
}

static void message_fails_when_the_mode_changes_inside_it(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,cs-hold=10000");
	/* The message after it is whole. */
	assert_string_equal(bench_stream(b, "tx:9f mode=3 rx:3 mode=0 sleep:50 "
					    "tx:9f change=1 rx:3"),
			    with_id(b, "TRANS_ERR\n"));
	assert_string_equal(bench_wire(b), "+ t1 n - + t1 r3 -");
}

static void held_chip_is_released_when_another_message_begins(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux,cs-hold=10000");
	bench_stream(b, "tx:9f mode=3 tx:06 mode=0 tx:04 rx:1");
	assert_string_equal(bench_wire(b), "+ t1 n - m3 + t1 n - m0 + t1 r1 -");
}

const struct CMUnitTest select_cases[] = {
	cmocka_unit_test(rx_joins_the_tx_before_it_when_cs_is_linux),
	cmocka_unit_test(tx_is_released_when_cs_change_is_1_and_cs_is_linux),
	cmocka_unit_test(message_ends_as_its_opcode_says_when_cs_is_nor),
	cmocka_unit_test(message_ends_as_its_opcode_says_when_cs_is_nand),
	cmocka_unit_test(cs_change_is_obeyed_when_cs_is_spec),
	cmocka_unit_test(cs_change_is_as_linux_has_it_when_cs_is_transfer),
	cmocka_unit_test(chip_is_released_when_the_hold_time_is_over),
	cmocka_unit_test(chip_stays_selected_when_the_hold_time_is_long),
	cmocka_unit_test(chip_is_released_when_the_front_end_leaves),
	cmocka_unit_test(chip_stays_selected_when_nobody_else_wants_the_bus),
	cmocka_unit_test(
		late_read_has_its_write_sent_again_when_cs_late_says_so),
	cmocka_unit_test(flash_message_is_one_message_whatever_the_guest_takes),
	cmocka_unit_test(chip_stays_selected_when_the_ring_stops_and_starts),
	cmocka_unit_test(chip_is_released_when_the_daemon_gets_sigterm),
	cmocka_unit_test(chip_is_released_when_a_request_is_refused),
	cmocka_unit_test(chip_is_not_disturbed_when_the_mode_changes_between),
	cmocka_unit_test(message_fails_when_the_mode_changes_inside_it),
	cmocka_unit_test(held_chip_is_released_when_another_message_begins),
};
const size_t select_case_count = sizeof(select_cases) / sizeof(select_cases[0]);
