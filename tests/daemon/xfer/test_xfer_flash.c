/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --flash */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/lib/xfer/terminal.h"
#include "tests/lib/xfer/xfer_tool.h"

#define KIB 1024

/* Runs --flash with the @words, in which %s is the daemon's directory. */
static int flash(const struct rig *rig, const char *words)
{
	char args[1024], *at = args;

	at += sprintf(at, "--speed 50M --flash ");
	for (; *words; words++) {
		if (words[0] == '%' && words[1] == 's') {
			at += sprintf(at, "%s", rig->daemon.dir);
			words++;
		} else {
			*at++ = *words;
		}
	}
	*at = '\0';
	return xfer_run(rig, args);
}

static void make_file(const struct rig *rig, const char *name, uint32_t len,
		      uint32_t seed)
{
	int fd = open(daemon_file(&rig->daemon, name),
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t *bytes = malloc(len);

	assert_true(fd >= 0);
	assert_non_null(bytes);
	rig_pattern(bytes, len, seed);
	assert_int_equal(write(fd, bytes, len), len);
	free(bytes);
	close(fd);
}

static void chip_is_told_by_id(void **state)
{
	xfer_expect(*state, "--flash id", 0,
		    "id:      ef 40 14\n"
		    "size:    1048576 bytes\n"
		    "page:    256 bytes\n"
		    "erase:   4096 (20) 32768 (52) 65536 (d8)\n"
		    "address: 3 bytes\n"
		    "SFDP:    1.6\n"
		    "status:  00\n");
}

static void file_is_written_and_read_back(void **state)
{
	struct rig *rig = *state;

	make_file(rig, "image", 150 * KIB + 77, 1);
	assert_int_equal(flash(rig, "write %s/image --offset 0x10123"), 0);
	assert_string_equal(xfer_output, "");
	assert_int_equal(flash(rig, "verify %s/image --offset 0x10123"), 0);
	assert_int_equal(flash(rig, "read %s/back --offset 65827 --length "
				    "153677 && cmp %s/image %s/back"),
			 0);
	/* The whole chip, to the standard output */
	assert_int_equal(flash(rig, "read - | wc -c"), 0);
	assert_string_equal(xfer_output, "1048576\n");
}

static void rest_of_a_block_is_kept(void **state)
{
	struct rig *rig = *state;

	make_file(rig, "image", 16 * KIB, 2);
	make_file(rig, "small", 100, 3);
	assert_int_equal(flash(rig, "write %s/image"), 0);
	assert_int_equal(flash(rig, "write %s/small --offset 4k"), 0);
	assert_int_equal(flash(rig, "verify %s/image"), 5);
	assert_int_equal(flash(rig,
			       "read %s/back --length 16k && dd status=none "
			       "conv=notrunc bs=4096 seek=1 if=%s/small "
			       "of=%s/image && cmp %s/image %s/back"),
			 0);
}

static void mismatch_has_its_address(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(flash(rig, "verify - --offset 16 <<E\nabc\nE\n"), 5);
	assert_string_equal(xfer_output, "spi-xfer: at 0x000010 the chip has "
					 "ff, and not 61\n");
}

static void part_is_erased(void **state)
{
	struct rig *rig = *state;

	make_file(rig, "image", 80 * KIB, 4);
	assert_int_equal(flash(rig, "write %s/image"), 0);
	assert_int_equal(flash(rig, "erase --offset 8k --length 68k"), 0);
	assert_int_equal(flash(rig, "read - --offset 8k --length 68k | "
				    "tr -d '\\377' | wc -c"),
			 0);
	assert_string_equal(xfer_output, "0\n");
	assert_int_equal(flash(rig, "verify %s/image --length 8k"), 0);
	assert_int_equal(flash(rig, "erase --offset 8k --length 1k"), 1);
	assert_string_equal(xfer_output,
			    "spi-xfer: --offset and --length: the chip erases "
			    "blocks of 4096 bytes\n");
}

static void chip_that_is_protected_is_named(void **state)
{
	struct rig *rig = *state;

	xfer_expect(rig, "--tx 06", 0, "");
	xfer_expect(rig, "--tx 011c", 0, "");
	assert_int_equal(flash(rig, "write - <<E\nabc\nE\n"), 5);
	assert_string_equal(xfer_output,
			    "spi-xfer: at 0x000000 the chip has ff, and not "
			    "61\nspi-xfer: its status is 1c: blocks may be "
			    "protected\n");
}

static void range_has_to_be_in_the_chip(void **state)
{
	struct rig *rig = *state;
	const char *text = "spi-xfer: --offset and --length: the chip has only "
			   "1048576 bytes\n";

	assert_int_equal(flash(rig, "read - --offset 1M"), 1);
	assert_string_equal(xfer_output, text);
	assert_int_equal(flash(rig, "erase --offset 4k --length 1M"), 1);
	assert_string_equal(xfer_output, text);
	assert_int_equal(flash(rig, "write - --offset 1048574 <<E\nab\nE\n"),
			 1);
	assert_string_equal(xfer_output, text);
	assert_int_equal(flash(rig, "write - --length 8 <<E\nab\nE\n"), 1);
	assert_string_equal(xfer_output, "spi-xfer: -: has only 3 bytes\n");
}

/* What is above 16 MiB has addresses of 4 bytes. */
static void large_chip_is_reached_to_its_end(void **state)
{
	struct rig *rig = *state;

	make_file(rig, "image", 5 * KIB, 5);
	assert_int_equal(flash(rig, "write %s/image --offset 33549312"), 0);
	assert_int_equal(flash(rig, "verify %s/image --offset 33549312"), 0);
	assert_int_equal(flash(rig, "read - --offset 16772096 --length 5k | "
				    "tr -d '\\377' | wc -c"),
			 0);
	assert_string_equal(xfer_output, "0\n");
	assert_int_equal(flash(rig, "erase --offset 33546240 --length 8k"), 0);
	assert_int_equal(flash(rig, "verify %s/image --offset 33549312"), 5);
}

static void no_chip_is_said(void **state)
{
	xfer_expect(*state, "--flash id", 6,
		    "spi-xfer: the chip with the id 00 00 00: no flash chip "
		    "answers\n");
}

static void each_framing_is_right(void **state)
{
	struct rig *rig = *state;

	make_file(rig, "image", 5 * KIB, 7);
	assert_int_equal(flash(rig, "write %s/image"), 0);
}

static void framing_of_spidev_is_right_too(void **state)
{
	struct rig *rig = *state;

	make_file(rig, "image", 5 * KIB, 7);
	assert_int_equal(flash(rig, "write %s/image --cs-change=transfer"), 0);
	assert_int_equal(flash(rig, "verify %s/image --cs-change=transfer"), 0);
}

static void progress_is_shown_on_a_terminal(void **state)
{
	static struct terminal terminal;
	struct rig *rig = *state;
	const char *tool = getenv("SPI_XFER");
	char command[512];

	make_file(rig, "image", 64 * KIB, 6);
	snprintf(command, sizeof(command),
		 "%s --socket %s --flash write %s/image",
		 tool ? tool : "build/spi-xfer", daemon_socket(&rig->daemon, 0),
		 rig->daemon.dir);
	terminal_start(&terminal, command);
	terminal_expect(&terminal, "\rwriting   [....");
	terminal_expect(&terminal, "####] 100 %  64 of 64 KiB\r\n");
	terminal_expect(&terminal, "\rverifying [");
	terminal_expect(&terminal, "100 %  64 of 64 KiB\r\n");
	assert_int_equal(terminal_wait(&terminal), 0);
}

int main(void)
{
	static const char *const small[] = { "--device=sim:nor,size=1M", NULL };
	static const char *const large[] = { "--device=sim:nor,size=32M",
					     NULL };
	static const char *const as_linux[] = { "--device=sim:nor,cs=linux",
						NULL };
	static const char *const as_spec[] = { "--device=sim:nor,cs=spec",
					       NULL };
	static const char *const as_spidev[] = { "--device=sim:nor,cs=transfer",
						 NULL };
	const struct CMUnitTest tests[] = {
		RIG_TEST_ARGS(chip_is_told_by_id, small),
		RIG_TEST_ARGS(file_is_written_and_read_back, small),
		RIG_TEST_ARGS(rest_of_a_block_is_kept, small),
		RIG_TEST_ARGS(mismatch_has_its_address, small),
		RIG_TEST_ARGS(part_is_erased, small),
		RIG_TEST_ARGS(chip_that_is_protected_is_named, small),
		RIG_TEST_ARGS(range_has_to_be_in_the_chip, small),
		RIG_TEST_ARGS(large_chip_is_reached_to_its_end, large),
		RIG_TEST_ARGS(each_framing_is_right, as_linux),
		RIG_TEST_ARGS(each_framing_is_right, as_spec),
		RIG_TEST_ARGS(framing_of_spidev_is_right_too, as_spidev),
		RIG_TEST(no_chip_is_said),
		RIG_TEST_ARGS(progress_is_shown_on_a_terminal, small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
