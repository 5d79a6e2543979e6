/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A flash chip through the whole of it, as guests' drivers use one. */
#include "tests/spidev/bench.h"

#include <string.h>

#include "tests/lib/skip.h"

#define BLOCK 0x10000 /* 64 KiB of the chip, for these tests */

static void id_is_read_when_cs_is_linux(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	assert_string_equal(bench_stream(b, "tx:9f rx:3"), b->id);
	assert_string_equal(bench_wire(b), "+ t1 r3 -");
}

static void id_is_read_when_all_requests_come_at_once(void **state)
{
	struct bench *b = bench_open(state);
	char id[16];

	snprintf(id, sizeof(id), "%.2s %.2s %.2s", b->id, b->id + 2, b->id + 4);
	bench_serve(b, "cs=spec");
	assert_string_equal(
		bench_run(b, "traced spi-xfer --socket /run/s0 --tx 9f --rx 3"),
		id);
	bench_read_trace(b);
	assert_string_equal(bench_wire(b), "+ t1 r3 -");
}

static void id_is_read_when_it_is_one_duplex_request(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=linux");
	assert_string_equal(bench_stream(b, "dup:9f000000") + 2, b->id);
	assert_string_equal(bench_wire(b), "+ d4 -");
}

static void register_shows_write_enable_when_it_is_set(void **state)
{
	struct bench *b = bench_open(state);

	if (!b->tells_release)
		skip_because(
			"the controller's driver keeps a release to itself");
	bench_serve(b, "cs=linux");
	assert_string_equal(bench_stream(b, "tx:06 tx:05 rx:1 "
					    "tx:04 tx:05 rx:1"),
			    "02\n00");
	/* A write stays selected until it is known that no read follows. */
	assert_string_equal(bench_wire(b), "+ t1 n - + t1 r1 - "
					   "+ t1 n - + t1 r1 -");
}

/* A framing that knows the commands sends all parts as one message. */
static void need_joined_transfers(const struct bench *b)
{
	if (!b->joins_transfers)
		skip_because(
			"behind this controller each transfer is a message");
}

static void sfdp_is_read_when_the_chip_has_it(void **state)
{
	struct bench *b = bench_open(state);

	if (!b->has_sfdp)
		skip_because("QEMU's model of this chip has no SFDP");
	need_joined_transfers(b);
	bench_serve(b, "cs=nor");
	/* Address and dummy byte are requests of their own. */
	assert_string_equal(bench_stream(b, "tx:5a tx:000000 tx:00 rx:4"),
			    "53464450");
	assert_string_equal(bench_wire(b), "+ t1 t3 t1 r4 -");
}

/* 64 KiB: erased, programmed, read back by one request. */
static void rewrite(struct bench *b, const char *keys, const char *shape,
		    unsigned int seed)
{
	bench_serve(b, keys);
	bench_run(b,
		  "i=0; while [ $i -lt 16 ]; do "
		  "w=\"$w erase:$((%u + i * 4096))\"; i=$((i + 1)); done; "
		  "spi-stream /run/s0 speed=20000000 shape:%s $w "
		  "program:%u,65536,%u check:%u,65536,%u",
		  BLOCK, shape, BLOCK, seed, BLOCK, seed);
	assert_string_equal(b->out, "");
	/* And one byte off, which is read in other pieces. */
	bench_run(
		b,
		"spi-stream /run/s0 speed=20000000 shape:%s check:%u,40001,%u",
		shape, BLOCK + 1, seed);
	assert_null(strstr(bench_log(b), "failed"));
}

static void flash_reads_back_when_cs_is_linux(void **state)
{
	struct bench *b = bench_open(state);

	if (!b->tells_release)
		skip_because(
			"the controller's driver keeps a release to itself");
	rewrite(b, "cs=linux", "joined", 1);
}

static void flash_reads_back_when_cs_is_nor(void **state)
{
	struct bench *b = bench_open(state);

	need_joined_transfers(b);
	rewrite(b, "cs=nor", "split", 2);
}

static void flash_reads_back_when_cs_is_spec(void **state)
{
	rewrite(bench_open(state), "cs=spec", "spec", 3);
}

/* At a place and a length that no block has */
static void flash_is_programmed_by_spi_xfer(void **state)
{
	struct bench *b = bench_open(state);

	if (!strcmp(b->id, "bf2541"))
		skip_because("the id of this chip does not tell its size");
	need_joined_transfers(b);
	bench_serve(b, "cs=nor");
	bench_run(b, "head -c 30000 /dev/urandom > /run/image && "
		     "spi-xfer --socket /run/s0 --speed 20M --offset 0xf0123 "
		     "--flash write /run/image && "
		     "spi-xfer --socket /run/s0 --speed 20M --offset 0xf0123 "
		     "--length 30000 --flash read /run/back && "
		     "cmp /run/image /run/back");
	assert_string_equal(b->out, "");
	/* Each transfer is longer than spidev's buffer. */
	bench_run(b, "spi-xfer --socket /run/s0 --speed 20M --offset 0xf0123 "
		     "--chunk 16k --flash verify /run/image");
	assert_null(strstr(bench_log(b), "failed"));
}

static void program_is_one_message_when_cs_is_nor(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=nor");
	bench_stream(b, "tx:06 tx:02 tx:1f0000 tx:00112233");
	assert_string_equal(bench_wire(b), "+ t1 - + t1 t3 t4 -");
}

static void program_is_one_message_when_cs_is_spec(void **state)
{
	struct bench *b = bench_open(state);

	bench_serve(b, "cs=spec");
	bench_stream(b, "change=1 tx:06 change=0 tx:02 tx:1f0000 "
			"change=1 tx:00112233");
	assert_string_equal(bench_wire(b), "+ t1 - + t1 t3 t4 -");
}

const struct CMUnitTest flash_cases[] = {
	cmocka_unit_test(id_is_read_when_cs_is_linux),
	cmocka_unit_test(id_is_read_when_all_requests_come_at_once),
	cmocka_unit_test(id_is_read_when_it_is_one_duplex_request),
	cmocka_unit_test(register_shows_write_enable_when_it_is_set),
	cmocka_unit_test(sfdp_is_read_when_the_chip_has_it),
	cmocka_unit_test(flash_reads_back_when_cs_is_linux),
	cmocka_unit_test(flash_reads_back_when_cs_is_nor),
	cmocka_unit_test(flash_reads_back_when_cs_is_spec),
	cmocka_unit_test(flash_is_programmed_by_spi_xfer),
	cmocka_unit_test(program_is_one_message_when_cs_is_nor),
	cmocka_unit_test(program_is_one_message_when_cs_is_spec),
};
const size_t flash_case_count = sizeof(flash_cases) / sizeof(flash_cases[0]);
