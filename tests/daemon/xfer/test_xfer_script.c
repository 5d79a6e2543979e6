/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --script and --interactive, in a pipe and on a terminal */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/xfer/terminal.h"
#include "tests/lib/xfer/xfer_tool.h"

/* Runs @lines as a script, and compares what comes of it. */
static void expect(const struct rig *rig, const char *lines, int status,
		   const char *text)
{
	char args[2048];
	FILE *file = fopen(daemon_file(&rig->daemon, "script"), "we");

	assert_non_null(file);
	fputs(lines, file);
	fclose(file);
	snprintf(args, sizeof(args), "--script - < %s",
		 daemon_file(&rig->daemon, "script"));
	xfer_expect(rig, args, status, text);
}

static int setup(void **state)
{
	static const char *const args[] = {
		"--device=sim:nor,size=1M,id=c22014", "--device=sim:loopback",
		NULL
	};

	*state = (void *)(uintptr_t)args;
	return rig_setup(state);
}

TEST_WITH(messages_are_sent_in_order, struct rig *rig)
{
	expect(rig,
	       "# the id\n"
	       "tx 9f rx 3 = c2 2x 14\n"
	       "cs 1 mode 3\n"
	       "\n"
	       "duplex 0102 = 01 02   # comes back\n"
	       "cs 0 mode 0\n"
	       "tx 06\n"
	       "tx 02 000010 414243\n"
	       "tx 05 rx 1 = x0 within 1s\n"
	       "wait 1ms\n"
	       "tx 03 000010 rx 4 = 41 42 43 ff\n",
	       0, "c2 20 14\n01 02\n00\n41 42 43 ff\n");
}

TEST_WITH(first_mismatch_ends_the_script, struct rig *rig)
{
	expect(rig,
	       "tx 9f rx 3 = c2 21 1x\n"
	       "tx 9f rx 1\n",
	       5,
	       "c2 20 14\nspi-xfer: -:1: expected c2 21 1x, received c2 20 14\n");
	expect(rig, "tx 05 rx 1 = x1 within 20ms\n", 5,
	       "00\nspi-xfer: -:1: expected x1, received 00\n");
	expect(rig, "\ncs 9\nrx 1\ncs 0\ntx 9f rx 1\n", 3,
	       "spi-xfer: -:3: the message fails\n"
	       "spi-xfer: part 0: PARAM_ERR: the device does not allow these "
	       "parameters\n");
}

TEST_WITH(script_with_a_mistake_sends_nothing, struct rig *rig)
{
	char args[512];

	expect(rig, "tx 9f rx 3\n\nrx x\n", 1,
	       "spi-xfer: -:3: rx x: not a number\n");
	snprintf(args, sizeof(args), "--script %s/script", rig->daemon.dir);
	assert_int_equal(xfer_run(rig, args), 1);
	assert_non_null(strstr(xfer_output, "/script:3: rx x: not a number\n"));
	assert_int_equal(xfer_run(rig, "--script /nonexistent"), 1);
	assert_string_equal(xfer_output, "spi-xfer: /nonexistent: No such file "
					 "or directory\n");
}

TEST_WITH(zero_byte_does_not_end_a_line, struct rig *rig)
{
	static const char script[] = "\0 9f\ntx 9f\n";
	FILE *file = fopen(daemon_file(&rig->daemon, "script"), "we");
	char args[512];

	assert_non_null(file);
	fwrite(script, 1, sizeof(script) - 1, file);
	fclose(file);
	snprintf(args, sizeof(args), "--script - < %s",
		 daemon_file(&rig->daemon, "script"));
	xfer_expect(rig, args, 1,
		    "spi-xfer: -:1: \1: not a word of the notation\n");
}

TEST_WITH(dump_is_for_scripts_too, struct rig *rig)
{
	xfer_expect(rig, "--hexdump --cs 1 --script - <<E\nduplex 41\nE\n", 0,
		    "00000000  41                                             "
		    "   |A|\n");
}

TEST_WITH(lines_of_a_pipe_have_no_prompt_and_no_end, struct rig *rig)
{
	xfer_expect(rig,
		    "--interactive <<E\n"
		    "tx 9f rx 3\nfoo\ntx 9f rx 1 = 00\ntx 9f rx 1\nE\n",
		    1,
		    "c2 20 14\n"
		    "spi-xfer: foo: not a word of the notation\n"
		    "c2\nspi-xfer: -:3: expected 00, received c2\n"
		    "c2\n");
	xfer_expect(rig, "--interactive <<E\nquit\ntx 9f rx 1\nE\n", 0, "");
}

TEST_WITH(terminal_has_a_prompt, struct rig *rig)
{
	static struct terminal terminal;
	const char *tool = getenv("SPI_XFER");
	char command[512];

	snprintf(command, sizeof(command), "%s --socket %s --interactive",
		 tool ? tool : "build/spi-xfer",
		 daemon_socket(&rig->daemon, 0));
	terminal_start(&terminal, command);
	terminal_expect(&terminal, "spi> ");
	terminal_type(&terminal, "tx 9f rx 3\n");
	terminal_expect(&terminal, "\r\nc2 20 14\r\nspi> ");
	terminal_type(&terminal, "help\n");
	terminal_expect(&terminal, "wait 10ms");
	terminal_expect(&terminal, "spi> ");
	terminal_type(&terminal, "rx\n");
	terminal_expect(&terminal, "spi-xfer: rx: needs a value\r\nspi> ");
	terminal_type(&terminal, "\004");
	assert_int_equal(terminal_wait(&terminal), 1);
}

TEST_MAIN(setup, rig_teardown)
