/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The fields of a request, as the kernel gets to see them. */
#include "tests/spidev/bench.h"

#include <linux/spi/spidev.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/skip.h"

/*
 * What spi-xfer --info says behind @name. The line is between spaces, so that
 * a word can be looked up.
 */
static const char *info(struct bench *b, const char *name)
{
	static char line[512];

	bench_run(b,
		  "spi-xfer --socket /run/s0 --info | "
		  "sed -n 's/^%s: *\\(.*\\)/\\1/p' | head -n 1",
		  name);
	snprintf(line, sizeof(line), " %.500s ", b->out);
	return line;
}

static bool offers(struct bench *b, const char *name, const char *word)
{
	char spaced[32];
	const char *line = info(b, name);

	snprintf(spaced, sizeof(spaced), " %s ", word);
	return strstr(line, spaced) || strstr(line, " any ");
}

static void mode_is_set_ahead_of_the_message_when_it_changes(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	assert_non_null(strstr(info(b, "modes"), "0 1 2 3"));
	assert_null(strstr(bench_stream(b, "mode=1 dup:0500 dup:0500 mode=2 "
					   "dup:0500 mode=3 dup:0500 "
					   "mode=0 dup:0500"),
			   "ERR"));
	assert_string_equal(bench_wire(b), "m1 + d2 - + d2 - m2 + d2 - "
					   "m3 + d2 - m0 + d2 -");
}

/* A bit of the mode is used when it is offered, and refused if not. */
static void try_flag(struct bench *b, const char *word, unsigned int bit)
{
	bool offered = offers(b, "modes", word);
	const char *out = bench_stream(b, "mode=%u dup:0500", 1u << bit);

	if (offered) {
		assert_null(strstr(out, "ERR"));
		assert_non_null(strstr(bench_wire(b), "+ d2 -"));
		assert_int_equal(trace_count(&b->trace, TRACE_SETUP), 1);
	} else {
		assert_string_equal(out, "PARAM_ERR");
		assert_string_equal(bench_wire(b), "");
	}
}

static void mode_flags_are_refused_when_not_offered(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	try_flag(b, "cs-high", 2);
	try_flag(b, "lsb-first", 3);
	try_flag(b, "loop", 4);
	/* Bits without a meaning */
	assert_string_equal(bench_stream(b, "mode=0x20 dup:0500"), "PARAM_ERR");
	assert_string_equal(bench_wire(b), "");
}

static void lsb_first_reaches_the_kernel_when_offered(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	if (!offers(b, "modes", "lsb-first"))
		skip_because("the controller has no LSB_FIRST");
	bench_stream(b, "mode=8 dup:0500 mode=0 dup:0500");
	assert_string_equal(bench_wire(b), "m0l + d2 - m0 + d2 -");
}

static void word_sizes_are_refused_when_not_offered(void **state)
{
	struct bench *b = bench_open(state);
	const struct trace_event *ioctl;

	bench_serve(b, "cs=linux");
	for (unsigned int bits = 1; bits <= 33; bits++) {
		char word[8];
		const char *out;
		bool offered;

		snprintf(word, sizeof(word), "%u", bits);
		offered = bits <= 32 && offers(b, "bits per word", word);
		out = bench_stream(b, "bits=%u dup:00000000", bits);
		if (!offered) {
			assert_string_equal(out, "PARAM_ERR");
			assert_string_equal(bench_wire(b), "");
			continue;
		}
		assert_null(strstr(out, "ERR"));
		assert_string_equal(bench_wire(b), "+ d4 -");
		ioctl = trace_find(&b->trace, TRACE_IOCTL, 0);
		assert_int_equal(ioctl->bits, bits);
		if (bits <= 8)
			continue;
		assert_string_equal(bench_stream(b, "bits=%u dup:000000", bits),
				    "PARAM_ERR");
		assert_string_equal(bench_wire(b), "");
	}
}

static void lines_are_refused_when_not_offered(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	for (unsigned int lines = 2; lines <= 8; lines *= 2) {
		char word[8];
		bool tx, rx;

		snprintf(word, sizeof(word), "%u", lines);
		tx = offers(b, "tx lines", word);
		rx = offers(b, "rx lines", word);
		assert_string_equal(
			bench_stream(b, "txn=%u change=1 tx:00", lines),
			tx ? "" : "PARAM_ERR");
		assert_string_equal(bench_wire(b), tx ? "+ t1 -" : "");
		bench_stream(b, "rxn=%u rx:1", lines);
		assert_string_equal(bench_wire(b), rx ? "+ r1 -" : "");
	}
}

/* The clock that the kernel is asked for, when the guest asks for @speed. */
static uint32_t speed_of(struct bench *b, uint32_t speed)
{
	const struct trace_event *ioctl;

	assert_null(strstr(bench_stream(b, "speed=%u dup:0500", speed), "ERR"));
	assert_string_equal(bench_wire(b), "+ d2 -");
	ioctl = trace_find(&b->trace, TRACE_IOCTL, 0);
	assert_non_null(ioctl);
	return ioctl->speed;
}

static void speed_is_as_asked_when_the_device_has_it(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	assert_int_equal(strtoul(info(b, "max speed"), NULL, 10), b->max_speed);
	assert_int_equal(speed_of(b, 100000), 100000);
	assert_int_equal(speed_of(b, 1234567), 1234567);
	assert_int_equal(speed_of(b, b->max_speed), b->max_speed);
	/* The spec has no word for "as fast as it goes", but drivers do. */
	assert_int_equal(speed_of(b, 0), b->max_speed);
}

static void speed_is_refused_when_the_device_lacks_it(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux,max-speed=1M");
	assert_int_equal(strtoul(info(b, "max speed"), NULL, 10), 1000000);
	assert_int_equal(speed_of(b, 0), 1000000);
	assert_string_equal(bench_stream(b, "speed=1000001 dup:0500"),
			    "PARAM_ERR");
	assert_string_equal(bench_wire(b), "");
	/* Some drivers divide by what is left of such a clock. */
	assert_string_equal(bench_stream(b, "speed=1 dup:0500"), "PARAM_ERR");
	assert_string_equal(bench_wire(b), "");
}

static void setup_delay_is_kept_when_a_message_begins(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec");
	bench_stream(b, "setup=1500000 change=0 tx:9f change=1 rx:3");
	/* The transfer of nothing carries the delay. */
	assert_string_equal(bench_wire(b), "+ n t1 r3 -");
	assert_true(bench_us(b, TRACE_SELECT, 0, TRACE_START, 1) >= 1500);
}

static void hold_delay_is_kept_when_a_message_ends(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec");
	bench_stream(b, "hold=1500000 change=1 dup:9f000000");
	assert_string_equal(bench_wire(b), "+ d4 -");
	assert_true(bench_us(b, TRACE_STOP, 0, TRACE_RELEASE, 0) >= 1500);
}

static void inactive_delay_is_kept_when_messages_follow(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec");
	bench_run(b, "traced spi-xfer --socket /run/s0 --cs-change 1 "
		     "--cs-inactive 3000000 --tx 04 --tx 04 --tx 04");
	bench_read_trace(b);
	assert_string_equal(bench_wire(b), "+ t1 - + t1 - + t1 -");
	assert_true(bench_us(b, TRACE_RELEASE, 0, TRACE_SELECT, 1) >= 3000);
	assert_true(bench_us(b, TRACE_RELEASE, 1, TRACE_SELECT, 2) >= 3000);
}

static void word_delay_is_kept_when_there_are_many_words(void **state)
{
	struct bench *b = bench_open(state);
	unsigned int last;
	char id[32];

	if (!b->joins_transfers)
		skip_because(
			"behind this controller each transfer is a message");
	bench_serve(b, "cs=spec");
	snprintf(id, sizeof(id), "%s",
		 bench_stream(b, "change=1 word=200000 dup:9f000000") + 2);
	assert_string_equal(id, b->id);
	last = trace_count(&b->trace, TRACE_STOP) - 1;
	assert_true(bench_us(b, TRACE_START, 0, TRACE_STOP, last) >= 3 * 200);
	assert_int_equal(trace_count(&b->trace, TRACE_SELECT), 1);

	/* More words than one message has room for */
	bench_stream(b, "change=1 word=100000 rx:300");
	last = trace_count(&b->trace, TRACE_STOP) - 1;
	assert_true(bench_us(b, TRACE_START, 0, TRACE_STOP, last) >= 299 * 100);
	assert_int_equal(trace_count(&b->trace, TRACE_SELECT), 1);
	assert_int_equal(trace_count(&b->trace, TRACE_RELEASE), 1);
}

static void delays_are_refused_when_longer_than_offered(void **state)
{
	struct bench *b = bench_open(state);
	static const struct {
		const char *name, *key;
	} delays[] = {
		{ "max word delay", "word" },
		{ "max cs setup", "setup" },
		{ "max cs hold", "hold" },
		{ "max cs inactive", "inactive" },
	};

	bench_serve(b, "cs=linux");
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		unsigned long max = strtoul(info(b, delays[i].name), NULL, 10);

		assert_string_equal(bench_stream(b, "%s=%lu dup:0500",
						 delays[i].key, max + 1),
				    "PARAM_ERR");
		assert_string_equal(bench_wire(b), "");
	}
}

const struct CMUnitTest field_cases[] = {
	cmocka_unit_test(mode_is_set_ahead_of_the_message_when_it_changes),
	cmocka_unit_test(mode_flags_are_refused_when_not_offered),
	cmocka_unit_test(lsb_first_reaches_the_kernel_when_offered),
	cmocka_unit_test(word_sizes_are_refused_when_not_offered),
	cmocka_unit_test(lines_are_refused_when_not_offered),
	cmocka_unit_test(speed_is_as_asked_when_the_device_has_it),
	cmocka_unit_test(speed_is_refused_when_the_device_lacks_it),
	cmocka_unit_test(setup_delay_is_kept_when_a_message_begins),
	cmocka_unit_test(hold_delay_is_kept_when_a_message_ends),
	cmocka_unit_test(inactive_delay_is_kept_when_messages_follow),
	cmocka_unit_test(word_delay_is_kept_when_there_are_many_words),
	cmocka_unit_test(delays_are_refused_when_longer_than_offered),
};
const size_t field_case_count = sizeof(field_cases) / sizeof(field_cases[0]);
