/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spi-daemon/xfer/options/xfer_options.h"
#include "tests/lib/test.h"

#define MAX_WORDS 100

static struct xfer_options options;
static char error[256];

/* Parses "spi-xfer" and the words of @line, which single spaces separate. */
static int parse(const char *line)
{
	char name[] = "spi-xfer", *words = strdup(line);
	char *argv[MAX_WORDS] = { name };
	int argc = 1, action;

	assert_non_null(words);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	error[0] = '\0';
	action = xfer_options_parse(argc, argv, &options, error, sizeof(error));
	options.link.socket_path = NULL; /* it was in words */
	free(words);
	return action;
}

static void expect_mistake(const char *line, const char *message)
{
	assert_true(parse(line) < 0);
	assert_string_equal(error, message);
}

TEST(parts_keep_their_order)
{
	assert_int_equal(
		parse("-s x --tx 03001000 --rx 2 --duplex aBcD --rx=1"),
		XFER_MESSAGE);
	assert_int_equal(options.part_count, 4);
	assert_int_equal(options.parts[0].tx_len, 4);
	assert_memory_equal(options.parts[0].tx, "\x03\x00\x10\x00", 4);
	assert_int_equal(options.parts[0].rx_len, 0);
	assert_int_equal(options.parts[1].tx_len, 0);
	assert_int_equal(options.parts[1].rx_len, 2);
	assert_int_equal(options.parts[2].tx_len, 2);
	assert_memory_equal(options.parts[2].tx, "\xab\xcd", 2);
	assert_int_equal(options.parts[2].rx_len, 2);
	assert_int_equal(options.parts[3].rx_len, 1);
	xfer_options_free(&options);
}

TEST(hex_may_have_spaces)
{
	char name[] = "spi-xfer", path[] = "-sx", tx[] = "--tx= 9f 00  01ff ";
	char *argv[] = { name, path, tx };

	assert_int_equal(
		xfer_options_parse(3, argv, &options, error, sizeof(error)),
		XFER_MESSAGE);
	assert_int_equal(options.parts[0].tx_len, 4);
	assert_memory_equal(options.parts[0].tx, "\x9f\x00\x01\xff", 4);
	xfer_options_free(&options);
}

TEST(head_has_its_defaults)
{
	assert_int_equal(parse("-s x --info"), XFER_MESSAGE);
	assert_true(options.info);
	assert_false(options.link.packed);
	assert_int_equal(options.link.head.chip_select_id, 0);
	assert_int_equal(options.link.head.bits_per_word, 8);
	assert_int_equal(options.link.head.mode, 0);
	assert_false(options.link.speed_given);
	assert_int_equal(options.link.timeout_ms, 10000);
}

TEST(head_is_filled_in)
{
	const struct virtio_spi_wire_head *head = &options.link.head;

	assert_int_equal(
		parse("-s x --rx 1 --cs 3 --mode 2 --cs-high --lsb-first "
		      "--loop --speed 10M --bits 16 --tx-nbits 2 --rx-nbits 4 "
		      "--word-delay 1 --cs-setup 2 --cs-hold 3 "
		      "--cs-inactive 4"),
		XFER_MESSAGE);
	assert_int_equal(head->chip_select_id, 3);
	assert_int_equal(le32toh(head->mode),
			 VIRTIO_SPI_MODE_CPOL | VIRTIO_SPI_MODE_CS_HIGH |
				 VIRTIO_SPI_MODE_LSB_FIRST |
				 VIRTIO_SPI_MODE_LOOP);
	assert_true(options.link.speed_given);
	assert_int_equal(le32toh(head->freq), 10000000);
	assert_int_equal(head->bits_per_word, 16);
	assert_int_equal(head->tx_nbits, 2);
	assert_int_equal(head->rx_nbits, 4);
	assert_int_equal(le32toh(head->word_delay_ns), 1);
	assert_int_equal(le32toh(head->cs_setup_ns), 2);
	assert_int_equal(le32toh(head->cs_delay_hold_ns), 3);
	assert_int_equal(le32toh(head->cs_change_delay_inactive_ns), 4);
	xfer_options_free(&options);
}

static void check_cs_change(const char *line, const char *expected)
{
	assert_int_equal(parse(line), XFER_MESSAGE);
	for (unsigned int i = 0; i < options.part_count; i++)
		assert_int_equal(xfer_cs_change_of(&options.link.cs_change, i,
						   options.part_count),
				 expected[i] - '0');
	xfer_options_free(&options);
}

TEST(cs_change_has_its_ways)
{
	check_cs_change("-s x --rx 1 --rx 1 --rx 1", "001");
	check_cs_change("-s x --cs-change spec --rx 1 --rx 1", "01");
	check_cs_change("-s x --cs-change=linux --rx 1 --rx 1", "00");
	check_cs_change("-s x --cs-change=transfer --rx 1 --rx 1", "10");
	check_cs_change("-s x --cs-change=transfer --rx 1", "0");
	check_cs_change("-s x --cs-change=0 --rx 1 --rx 1", "00");
	check_cs_change("-s x --cs-change=1 --rx 1 --rx 1", "11");
	check_cs_change("-s x --cs-change=1,0 --rx 1 --rx 1 --rx 1", "100");
}

TEST(speeds_have_suffixes)
{
	assert_int_equal(parse("-s x -i --speed 400k"), XFER_MESSAGE);
	assert_int_equal(le32toh(options.link.head.freq), 400000);
	assert_int_equal(parse("-s x -i --speed 4294967295"), XFER_MESSAGE);
	assert_int_equal(le32toh(options.link.head.freq), UINT32_MAX);
	expect_mistake("-s x -i --speed 4295M", "--speed=4295M: too large");
	expect_mistake("-s x -i --speed 1G", "--speed=1G: not a speed in Hz, "
					     "such as 500k or 10M");
	expect_mistake("-s x -i --speed k", "--speed=k: not a speed in Hz, "
					    "such as 500k or 10M");
}

TEST(mistakes_are_named)
{
	expect_mistake("--rx 1", "--socket is missing");
	expect_mistake("-s x", "nothing to do: give --tx, --rx, "
			       "--duplex, --tx-file, --info, --flash, "
			       "--serprog, --script, --interactive or "
			       "--watch");
	expect_mistake("-s x --tx 9", "--tx=9: not bytes in hex, such as "
				      "\"9f 00\"");
	expect_mistake("-s x --tx 0x9f", "--tx=0x9f: not bytes in hex, such "
					 "as \"9f 00\"");
	expect_mistake("-s x --rx 0", "--rx=0: too small");
	expect_mistake("-s x --rx 3x", "--rx=3x: not a number");
	expect_mistake("-s x --rx +3", "--rx=+3: not a number");
	expect_mistake("-s x --cs 256", "--cs=256: too large");
	expect_mistake("-s x --mode 4", "--mode=4: too large");
	expect_mistake(
		"-s x -i --cs-change=2",
		"--cs-change=2: not spec, linux, transfer, or a list of 0 and 1");
	expect_mistake(
		"-s x -i --cs-change=0,",
		"--cs-change=0,: not spec, linux, transfer, or a list of 0 and "
		"1");
	expect_mistake("-s x --tx-file /nonexistent",
		       "--tx-file=/nonexistent: No such file or directory");
	expect_mistake("-s x --bogus", "--bogus: no such option");
	expect_mistake("-s x --cs-hol=3", "--cs-hol: no such option");
	expect_mistake("-s x -q", "-q: no such option");
	expect_mistake("-s x --tx", "--tx: needs a value");
	expect_mistake("-s", "--socket: needs a value");
	expect_mistake("-s x --info=1", "--info: takes no value");
	expect_mistake("-s x --packed=1", "--packed: takes no value");
	expect_mistake("-s x -i 9f", "9f: not an option");
}

TEST(no_name_of_an_option_can_be_shortened)
{
	unsigned int names = 0;

	for (const char *at = xfer_options_help; (at = strstr(at, "--"));
	     at += 2) {
		int len = (int)strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");

		for (int part = 1; part < len; part++) {
			char line[64], message[64];

			snprintf(line, sizeof(line), "%.*s=1", part + 2, at);
			/* Others begin with these. */
			if (!strcmp(line, "--tx=1") ||
			    !strcmp(line, "--rx=1") || !strcmp(line, "--cs=1"))
				continue;
			snprintf(message, sizeof(message),
				 "%.*s: no such option", part + 2, at);
			expect_mistake(line, message);
		}
		names += len > 0;
	}
	assert_in_range(names, 25, 100);
}

TEST(too_many_parts_are_refused)
{
	char line[XFER_MAX_PARTS * 8 + 64] = "-s x";

	for (unsigned int i = 0; i <= XFER_MAX_PARTS; i++)
		strcat(line, " --rx=1");
	expect_mistake(line, "--rx=1: too many parts");
}

TEST(file_is_a_part)
{
	char path[] = "/tmp/xfer-XXXXXX";
	char line[64], message[64];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	snprintf(line, sizeof(line), "-s x --tx-file %s", path);
	snprintf(message, sizeof(message), "--tx-file=%s: empty", path);
	expect_mistake(line, message);
	assert_int_equal(write(fd, "\x9f\x00", 2), 2);
	assert_int_equal(parse(line), XFER_MESSAGE);
	assert_int_equal(options.parts[0].tx_len, 2);
	assert_memory_equal(options.parts[0].tx, "\x9f\x00", 2);
	xfer_options_free(&options);
	unlink(path);
	close(fd);
}

TEST(message_goes_to_chips_and_is_repeated)
{
	assert_int_equal(parse("-s x --rx 1 --cs 3,0,255"), XFER_MESSAGE);
	assert_int_equal(options.cs_count, 3);
	assert_memory_equal(options.cs, "\x03\x00\xff", 3);
	assert_int_equal(options.link.head.chip_select_id, 3);
	assert_int_equal(options.repeat, 1);
	assert_int_equal(parse("-s x --rx 1 --repeat 9 --rate 4"),
			 XFER_MESSAGE);
	assert_int_equal(options.cs_count, 1);
	assert_int_equal(options.cs[0], 0);
	assert_int_equal(options.repeat, 9);
	assert_int_equal(options.period_ns, 250000000);
	expect_mistake("-s x --cs 1,", "--cs=1,: not a number");
	expect_mistake("-s x --cs 1,256", "--cs=1,256: too large");
	expect_mistake("-s x --cs 0,1 --flash id",
		       "--cs: several are for a message");
	expect_mistake("-s x --rx 1 --rate 1", "--rate: --repeat is missing");
}

TEST(statistics_need_no_socket)
{
	assert_int_equal(parse("--watch f"), XFER_WATCH);
	assert_non_null(options.file);
	expect_mistake("--watch f --rx 1",
		       "parts, --info, --rx-file and --repeat are for a "
		       "message");
}

TEST(script_has_a_file)
{
	assert_int_equal(parse("-s x --script f --hexdump"), XFER_SCRIPT);
	assert_non_null(options.file);
	assert_int_equal(parse("-s x --interactive"), XFER_INTERACTIVE);
	expect_mistake("-s x --script f --interactive",
		       "--interactive: there is something else to do");
	expect_mistake("-s x --script f g", "g: not an option");
}

TEST(flash_has_a_task_and_a_file)
{
	assert_int_equal(parse("-s x --flash read f --offset 4k"), XFER_FLASH);
	assert_int_equal(options.flash, XFER_FLASH_READ);
	assert_non_null(options.file);
	assert_int_equal(options.offset, 4096);
	assert_int_equal(options.length, 0);
	assert_int_equal(options.chunk, 4096);
	assert_int_equal(parse("-s x --flash erase --length 0x10000"),
			 XFER_FLASH);
	assert_int_equal(options.length, 65536);
	expect_mistake("-s x --flash read", "--flash: the file is missing");
	expect_mistake("-s x --flash id f", "--flash: id and erase have no "
					    "file");
	expect_mistake("-s x --flash read f g", "g: not an option");
	expect_mistake("-s x --flash red f",
		       "--flash=red: not id, read, write, erase or verify");
	expect_mistake("-s x --flash id --serprog pty",
		       "--serprog=pty: there is something else to do");
	expect_mistake("-s x --flash id --rx 1",
		       "parts, --info, --rx-file and --repeat are for a "
		       "message");
	expect_mistake("-s x --flash id --offset 1x",
		       "--offset=1x: not a number of bytes, such as 4096, 64k "
		       "or 0x10000");
	expect_mistake("-s x --flash id --offset 4096M",
		       "--offset=4096M: out of range");
	assert_int_equal(parse("-s x --flash id --chunk 64k"), XFER_FLASH);
	assert_int_equal(options.chunk, 65536);
	expect_mistake("-s x --flash id --chunk 511",
		       "--chunk=511: out of range");
	expect_mistake("-s x --flash id --chunk 17M",
		       "--chunk=17M: out of range");
	expect_mistake("-s x --flash id --length 0",
		       "--length=0: out of range");
}

TEST(help_and_version_win)
{
	assert_int_equal(parse("--help"), XFER_HELP);
	assert_int_equal(parse("-V"), XFER_VERSION);
	assert_int_equal(parse("--tx 00 -h"), XFER_HELP);
	xfer_options_free(&options);
}

TEST_MAIN(NULL, NULL)
