/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Another program of the host on the guest's device: spi-settings. */
#include "tests/spidev/bench.h"

#include <stdlib.h>
#include <string.h>

/*
 * The wire of a guest that reads the id right after a host program did @words:
 * of those that the kernel took, too.
 */
static const char *wire_after(struct bench *b, const char *words)
{
	bench_run(b,
		  "traced sh -c 'spi-settings /dev/spidev%s %s >&2; "
		  "spi-stream /run/s0 tx:9f rx:3' 2> /run/refused",
		  b->device + strlen("spi"), words);
	assert_string_equal(b->out, b->id);
	bench_read_trace(b);
	return bench_wire(b);
}

static bool is_refused(struct bench *b)
{
	return bench_try(b, "[ -s /run/refused ]") == 0;
}

static void settings_of_a_program_do_not_reach_a_guest(void **state)
{
	static const char *const taken[] = { "bits=8", "bits=16", "bits=32",
					     "speed=100000" };
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux,host-shared=yes");
	assert_string_equal(wire_after(b, "mode=3"), "m3 m0 + t1 r3 -");
	assert_string_equal(wire_after(b, "mode=1"), "m1 m0 + t1 r3 -");
	wire_after(b, "mode=8");
	if (!is_refused(b))
		assert_string_equal(b->wire, "m0l m0 + t1 r3 -");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		const struct trace_event *ioctl;
		bool refused;

		wire_after(b, taken[i]);
		ioctl = trace_find(&b->trace, TRACE_IOCTL, 1);
		assert_int_equal(ioctl->bits, 8);
		assert_true(ioctl->speed > 100000);
		refused = is_refused(b);
		/* The kernel sets the mode up anew, and it is the same. */
		assert_non_null(strstr(b->wire, "+ t1 r3 -"));
		assert_true(refused || !strncmp(b->wire, "m0 ", 3));
	}
	assert_null(strstr(bench_log(b), "may be wrong"));
}

static void mode_of_a_program_is_found_when_it_was_not_expected(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	/* The last look is older than 10 ms. */
	assert_string_equal(wire_after(b, "mode=3 sleep=20"),
			    "m3 m0 + t1 r3 -");
	assert_non_null(strstr(bench_log(b), "they have sent and received "
					     "since then may be wrong"));
	/* Now it is expected, and there is no time to wait for. */
	assert_string_equal(wire_after(b, "mode=2"), "m2 m0 + t1 r3 -");
}

/*
 * Starts the daemon while spi-settings, after @word, has the device open and
 * @ready is true. Returns the exit status of the start.
 */
static int start_beside(struct bench *b, const char *word, const char *ready)
{
	const char *number = b->device + strlen("spi");

	return bench_try(b,
			 "stop_daemon TERM; "
			 "spi-settings /dev/spidev%s %s sleep=600000 & pid=$!; "
			 "wait_until '%s' && start_daemon /dev/spidev%s; "
			 "status=$?; end_process $pid; exit $status",
			 number, word, ready, number);
}

static void program_is_told_when_it_has_the_device_open(void **state)
{
	struct bench *b = bench_open(state);

	assert_int_equal(
		start_beside(b, "sleep=0",
			     "ls -l /proc/$pid/fd | grep -q /dev/spidev"),
		0);
	assert_non_null(strstr(bench_log(b), ": spi-settings (process "));
}

static void message_fails_when_a_program_cuts_it(void **state)
{
	static const char *const words[] = { "mode=3", "speed=100000" };
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec,host-shared=yes");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bench_run(b,
			  "traced sh -c '. /lab.sh; "
			  "rm -f /run/go; spi-stream /run/s0 tx:9f "
			  "await:/run/go change=1 rx:3 & "
			  "wait_for_event spi_transfer_stop; "
			  "spi-settings /dev/spidev%s %s; touch /run/go; "
			  "wait'",
			  b->device + strlen("spi"), words[i]);
		assert_string_equal(b->out, "TRANS_ERR");
		bench_read_trace(b);
		/* Nothing of the rest is clocked. */
		assert_string_equal(bench_wire(b),
				    i ? "+ t1 - m0 m0" : "+ t1 - m3 m0");
		assert_string_equal(
			bench_stream(b, "change=0 tx:9f change=1 rx:3"), b->id);
	}
}

/*
 * While a program writes mode 3 all the time: each message that runs in another
 * mode than the guest's fails.
 */
static void no_message_succeeds_in_the_mode_of_a_program(void **state)
{
	struct bench *b = bench_open(state);
	unsigned int transfers, wrong, silent;

	bench_serve(b, "cs=linux,host-shared=yes");
	bench_run(b,
		  "spi-settings /dev/spidev%s times=1000000 mode=3 & pid=$!; "
		  "traced spi-stream /run/s0 times:200 dup:0500 "
		  "> /run/answers; end_process $pid; "
		  "awk '/spi_setup:/ { other = !/setup mode 0,/ } "
		  "/spi_transfer_start:/ { in_other[n++] = other } "
		  "FILENAME == \"/run/answers\" { wrong += in_other[i]; "
		  "silent += in_other[i++] && !/TRANS_ERR/ } "
		  "END { print n, wrong, silent }' /run/trace /run/answers",
		  b->device + strlen("spi"));
	assert_int_equal(
		sscanf(b->out, "%u %u %u", &transfers, &wrong, &silent), 3);
	assert_int_equal(transfers, 200);
	print_message("%u of 200 messages ran in another mode\n", wrong);
	assert_int_equal(silent, 0);
}

static const char *lock(struct bench *b, int how)
{
	return bench_run(b, "spi-settings /dev/spidev%s lock=%d",
			 b->device + strlen("spi"), how);
}

static void device_is_refused_when_a_program_has_locked_it(void **state)
{
	struct bench *b = bench_open(state);

	assert_int_equal(start_beside(b, "lock=2", "grep -q FLOCK /proc/locks"),
			 1);
	assert_non_null(strstr(b->out, "is locked by spi-settings (process "));
	/* And the other way round. */
	bench_serve(b, "cs=linux");
	assert_non_null(strstr(lock(b, 1), "lock=1: "));
	bench_serve(b, "cs=linux,host-shared=yes");
	assert_non_null(strstr(lock(b, 2), "lock=2: "));
	assert_string_equal(lock(b, 1), "");
}

const struct CMUnitTest shared_cases[] = {
	cmocka_unit_test(settings_of_a_program_do_not_reach_a_guest),
	cmocka_unit_test(mode_of_a_program_is_found_when_it_was_not_expected),
	cmocka_unit_test(program_is_told_when_it_has_the_device_open),
	cmocka_unit_test(message_fails_when_a_program_cuts_it),
	cmocka_unit_test(no_message_succeeds_in_the_mode_of_a_program),
	cmocka_unit_test(device_is_refused_when_a_program_has_locked_it),
};
const size_t shared_case_count = sizeof(shared_cases) / sizeof(shared_cases[0]);
