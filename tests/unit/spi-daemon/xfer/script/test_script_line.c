/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "spi-daemon/xfer/script/script_line.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "tests/lib/test.h"

static struct script_reader reader;
static struct script_line line;
static char why[128];

static int parse(const char *text)
{
	why[0] = '\0';
	return script_line_parse(&reader, text, &line, why, sizeof(why));
}

static void expect_mistake(const char *text, const char *message)
{
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(why, message);
	assert_int_equal(line.part_count, 0);
}

static int setup(void **state)
{
	(void)state;
	reader = (struct script_reader){ .number = 0 };
	return 0;
}

TEST(message_has_its_parts)
{
	assert_int_equal(parse("\ttx 03 001000 rx 2 duplex aB cD # all"), 0);
	assert_int_equal(line.part_count, 3);
	assert_int_equal(line.parts[0].tx_len, 4);
	assert_memory_equal(line.parts[0].tx, "\x03\x00\x10\x00", 4);
	assert_int_equal(line.parts[0].rx_len, 0);
	assert_int_equal(line.parts[1].tx_len, 0);
	assert_int_equal(line.parts[1].rx_len, 2);
	assert_memory_equal(line.parts[2].tx, "\xab\xcd", 2);
	assert_int_equal(line.parts[2].rx_len, 2);
	assert_int_equal(line.bytes, 10);
	assert_int_equal(line.wait_ns, 0);
	script_line_free(&line);
}

TEST(words_behind_hex_are_no_hex)
{
	assert_int_equal(parse("tx 9f cs 2 duplex 01 = 0x"), 0);
	assert_int_equal(line.part_count, 2);
	assert_int_equal(line.head.chip_select_id, 2);
	assert_int_equal(line.parts[0].tx_len, 1);
	script_line_free(&line);
}

TEST(answer_may_have_digits_that_do_not_count)
{
	assert_int_equal(parse("tx 9f rx 4 = ef4x xx X1"), 0);
	assert_int_equal(line.part_count, 2);
	assert_memory_equal(line.parts[1].expected, "\xef\x40\x00\x01", 4);
	assert_memory_equal(line.parts[1].mask, "\xff\xf0\x00\x0f", 4);
	assert_null(line.parts[0].expected);
	script_line_free(&line);
}

TEST(message_may_be_sent_until_it_answers)
{
	assert_int_equal(parse("tx 05 rx 1 = x0 within 250ms"), 0);
	assert_int_equal(line.within_ns, 250000000);
	script_line_free(&line);
}

TEST(settings_hold_for_the_lines_that_follow)
{
	reader.head.mode = htole32(VIRTIO_SPI_MODE_CS_HIGH);
	assert_int_equal(parse("cs 3 speed 10M mode 2"), 0);
	assert_int_equal(line.part_count, 0);
	assert_int_equal(parse("rx 1"), 0);
	assert_int_equal(line.number, 2);
	assert_int_equal(line.head.chip_select_id, 3);
	assert_int_equal(le32toh(line.head.freq), 10000000);
	assert_int_equal(le32toh(line.head.mode), VIRTIO_SPI_MODE_CS_HIGH | 2);
	script_line_free(&line);
	assert_int_equal(parse("rx 1 mode 1"), 0);
	assert_int_equal(le32toh(line.head.mode), VIRTIO_SPI_MODE_CS_HIGH | 1);
	script_line_free(&line);
	/* Those of a line with a mistake do not. */
	expect_mistake("cs 7 rx 0", "rx 0: too small");
	assert_int_equal(parse("rx 1"), 0);
	assert_int_equal(line.head.chip_select_id, 3);
	assert_int_equal(line.number, 5);
	script_line_free(&line);
}

TEST(times_have_units)
{
	assert_int_equal(parse("wait 3s"), 0);
	assert_int_equal(line.wait_ns, UINT64_C(3000000000));
	assert_int_equal(parse("wait 15us"), 0);
	assert_int_equal(line.wait_ns, 15000);
	expect_mistake("wait 3", "wait 3: not a time, such as 10ms");
	expect_mistake("wait ms", "wait ms: not a time, such as 10ms");
	expect_mistake("wait 3601s", "wait 3601s: more than an hour");
	expect_mistake("wait 99999999999999999999s",
		       "wait 99999999999999999999s: more than an hour");
	expect_mistake("wait", "wait: needs a value");
	expect_mistake("tx 9f wait 1ms", "wait: has a line of its own");
	expect_mistake("wait 1ms rx 1", "wait: has a line of its own");
}

TEST(lines_may_be_empty)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(line.part_count, 0);
	assert_int_equal(parse("  # tx 9f"), 0);
	assert_int_equal(line.part_count, 0);
	assert_int_equal(parse("\r"), 0);
}

TEST(mistakes_are_named)
{
	expect_mistake("txx 9f", "txx: not a word of the notation");
	expect_mistake("tx", "tx: needs bytes in hex");
	expect_mistake("tx rx 3", "tx: not bytes in hex: rx");
	expect_mistake("tx 9f 1", "tx: not bytes in hex: 1");
	expect_mistake("tx 9f fg", "tx: not bytes in hex: fg");
	expect_mistake("tx 9x", "tx: not bytes in hex: 9x");
	expect_mistake("rx", "rx: needs a value");
	expect_mistake("rx 3x", "rx 3x: not a number");
	expect_mistake("rx 9000000", "rx 9000000: too large");
	expect_mistake("rx 8388608 rx 1", "rx: the message is too long");
	expect_mistake("= 11", "=: nothing is received before it");
	expect_mistake("tx 11 = 11", "=: nothing is received before it");
	expect_mistake("rx 2 = 11", "=: 1 bytes, but 2 are received");
	expect_mistake("rx 1 = 11 = 11", "=: is there already");
	expect_mistake("rx 1 within 1s", "within: nothing is expected");
	expect_mistake("mode 4", "mode 4: too large");
	expect_mistake("speed 1G", "speed 1G: not a speed in Hz, such as 500k "
				   "or 10M");
	expect_mistake("cs 256", "cs 256: too large");
}

TEST(too_many_parts_are_refused)
{
	char text[5 * (XFER_MAX_PARTS + 1) + 1] = "";

	for (unsigned int i = 0; i <= XFER_MAX_PARTS; i++)
		strcat(text, "rx 1 ");
	expect_mistake(text, "rx: too many parts");
}

TEST_MAIN(setup, NULL)
