/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Requests and system calls: one each, or as many as bufsiz asks for. */
#include "tests/spidev/bench.h"

#include <linux/spi/spidev.h>
#include <string.h>

/* What a message of the kernel takes: whole cache lines of DMA memory. */
static uint32_t max_piece(const struct bench *b)
{
	return b->bufsiz & ~127u;
}

/* The wire of @len bytes in pieces of at most @piece. */
static const char *pieces(char kind, uint32_t len, uint32_t piece)
{
	static char wire[1024];
	size_t used = (size_t)snprintf(wire, sizeof(wire), "+");

	while (len && used < sizeof(wire)) {
		uint32_t n = len < piece ? len : piece;

		used += (size_t)snprintf(wire + used, sizeof(wire) - used,
					 " %c%u", kind, n);
		len -= n;
	}
	snprintf(wire + used, sizeof(wire) - used, " -");
	return wire;
}

static void bufsiz_is_the_one_that_was_set(void **state)
{
	struct bench *b = bench_open(state);
	char bufsiz[16];

	snprintf(bufsiz, sizeof(bufsiz), "%u", b->bufsiz);
	assert_string_equal(
		bench_run(b, "cat /sys/module/spidev/parameters/bufsiz"),
		bufsiz);
}

static void chip_is_held_between_pieces_when_longer_than_bufsiz(void **state)
{
	struct bench *b = bench_open(state);
	uint32_t piece = max_piece(b);

	bench_serve(b, "cs=transfer");
	bench_stream(b, "speed=%u rx:%u", b->max_speed, 2 * piece + 77);
	assert_string_equal(bench_wire(b), pieces('r', 2 * piece + 77, piece));
	bench_stream(b, "speed=%u send:%u", b->max_speed, 2 * piece);
	assert_string_equal(bench_wire(b), pieces('t', 2 * piece, piece));
	bench_stream(b, "speed=%u rx:%u", b->max_speed, piece + 1);
	assert_string_equal(bench_wire(b), pieces('r', piece + 1, piece));
}

static void transfer_is_one_piece_when_it_fits_bufsiz(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=transfer");
	bench_stream(b, "speed=%u rx:%u", b->max_speed, max_piece(b));
	assert_string_equal(bench_wire(b),
			    pieces('r', max_piece(b), max_piece(b)));
}

static void pieces_are_short_when_the_clock_is_slow(void **state)
{
	struct bench *b = bench_open(state);
	uint32_t piece = 20000 / 8 / 20; /* of 50 ms */

	bench_serve(b, "cs=transfer");
	bench_stream(b, "speed=20000 rx:300");
	assert_string_equal(bench_wire(b), pieces('r', 300, piece));
}

static void request_is_one_ioctl_when_nothing_changes(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	bench_stream(b, "mode=3 dup:0500 times:100 dup:0500");
	/* The mode, and 101 messages */
	assert_int_equal(trace_count(&b->trace, TRACE_IOCTL), 102);
	assert_int_equal(trace_count(&b->trace, TRACE_MESSAGE), 101);
	assert_int_equal(trace_find(&b->trace, TRACE_IOCTL, 0)->cmd,
			 SPI_IOC_WR_MODE32);
}

static void request_is_one_ioctl_when_the_chip_is_held(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	bench_run(b, "w=; for i in 1 2 3 4 5 6 7 8 9 10; do "
		     "w=\"$w tx:05 rx:1 tx:05 rx:1 tx:05 rx:1 tx:05 rx:1 "
		     "tx:05 rx:1\"; done; traced spi-stream /run/s0 $w");
	bench_read_trace(b);
	assert_int_equal(trace_count(&b->trace, TRACE_IOCTL), 100);
	assert_int_equal(trace_count(&b->trace, TRACE_SELECT), 50);
	assert_int_equal(trace_count(&b->trace, TRACE_RELEASE), 50);
}

static void request_is_refused_when_longer_than_max_request(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=transfer,max-request=4096");
	assert_string_equal(bench_stream(b, "rx:4097"), "PARAM_ERR");
	assert_string_equal(bench_wire(b), "");
	assert_non_null(strstr(bench_log(b), "max-request"));
	assert_null(strstr(bench_stream(b, "rx:4096"), "ERR"));
}

const struct CMUnitTest piece_cases[] = {
	cmocka_unit_test(bufsiz_is_the_one_that_was_set),
	cmocka_unit_test(chip_is_held_between_pieces_when_longer_than_bufsiz),
	cmocka_unit_test(transfer_is_one_piece_when_it_fits_bufsiz),
	cmocka_unit_test(pieces_are_short_when_the_clock_is_slow),
	cmocka_unit_test(request_is_one_ioctl_when_nothing_changes),
	cmocka_unit_test(request_is_one_ioctl_when_the_chip_is_held),
	cmocka_unit_test(request_is_refused_when_longer_than_max_request),
};
const size_t piece_case_count = sizeof(piece_cases) / sizeof(piece_cases[0]);
