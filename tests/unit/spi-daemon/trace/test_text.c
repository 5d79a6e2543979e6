/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Traces of lines: the transfers and edges of chip select on the wire. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/spi-daemon/trace/trace_rig.h"

static void setup(struct trace_rig *rig)
{
	trace_rig_open(rig, text_new, 0);
	trace_rig_add_chip(rig, 0, "b", 1, 2);
}

/* Checks the lines, without their dates, and removes the file. */
static void check(struct trace_rig *rig, const char *expected)
{
	char line[512], text[4096] = "";
	FILE *file;

	trace_rig_finish(rig);
	file = fopen(rig->path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *rest = strstr(line, "Z b.cs");

		strcat(text, rest ? rest + 2 : line);
	}
	fclose(file);
	assert_string_equal(text, expected);
	trace_rig_remove(rig);
}

TEST(a_message_has_its_edges_and_transfers)
{
	static const uint8_t tx[2] = { 0x03, 0x10 }, rx[2] = { 0xa5, 0xa5 };
	struct trace_record out = trace_rig_piece(RIG_START, 2);
	struct trace_record in = trace_rig_piece(RIG_START, 2);
	struct trace_rig rig;

	setup(&rig);
	out.piece.mode = 3;
	out.piece.last = false;
	in.piece.first = false;
	trace_rig_add(&rig, out, tx, NULL);
	trace_rig_add(&rig, in, NULL, rx);
	check(&rig, "b.cs1 select\n"
		    "b.cs1 transfer 2 out=0310 hz=1000000 mode=3 bits=8\n"
		    "b.cs1 transfer 2 in=a5a5 hz=1000000 mode=0 bits=8\n"
		    "b.cs1 release\n");
}

TEST(a_held_chip_is_released_when_it_is)
{
	struct trace_record piece = trace_rig_piece(RIG_START, 1);
	struct trace_rig rig;

	setup(&rig);
	piece.piece.keep = true;
	trace_rig_add(&rig, piece, "\x09", NULL);
	trace_rig_add(&rig, piece, "\x0a", "\x0b");
	trace_rig_add(&rig, trace_rig_event(TRACE_RELEASE, RIG_START), NULL,
		      NULL);
	trace_rig_add(&rig, trace_rig_event(TRACE_RELEASE, RIG_START), NULL,
		      NULL);
	check(&rig, "b.cs1 select\n"
		    "b.cs1 transfer 1 out=09 hz=1000000 mode=0 bits=8\n"
		    "b.cs1 transfer 1 out=0a in=0b hz=1000000 mode=0 bits=8\n"
		    "b.cs1 release\n");
}

TEST(a_failure_ends_the_message)
{
	struct trace_record piece = trace_rig_piece(RIG_START, 1);
	struct trace_rig rig;

	setup(&rig);
	piece.piece.keep = true;
	piece.error = EIO;
	trace_rig_add(&rig, piece, NULL, NULL);
	check(&rig, "b.cs1 select\n"
		    "b.cs1 transfer 1 hz=1000000 mode=0 bits=8 "
		    "error=Input/output error\n"
		    "b.cs1 release\n");
}

TEST(only_the_first_bytes_are_shown)
{
	static const uint8_t tx[TRACE_SHOWN + 1];
	char expected[1024] = "b.cs1 select\n"
			      "b.cs1 transfer 65 out=";
	struct trace_rig rig;

	setup(&rig);
	trace_rig_add(&rig, trace_rig_piece(RIG_START, sizeof(tx)), tx, NULL);
	for (unsigned int i = 0; i < TRACE_SHOWN; i++)
		strcat(expected, "00");
	strcat(expected, ".. hz=1000000 mode=0 bits=8\n"
			 "b.cs1 release\n");
	check(&rig, expected);
}

TEST(what_is_lost_is_counted)
{
	struct trace_record piece = trace_rig_piece(RIG_START, 1);
	struct trace_record lost = trace_rig_event(TRACE_LOST, RIG_START);
	struct trace_rig rig;

	setup(&rig);
	piece.piece.keep = true;
	lost.lost = 7;
	trace_rig_add(&rig, piece, "\x01", NULL);
	trace_rig_add(&rig, lost, NULL, NULL);
	trace_rig_add(&rig, piece, "\x02", NULL);
	check(&rig, "b.cs1 select\n"
		    "b.cs1 transfer 1 out=01 hz=1000000 mode=0 bits=8\n"
		    "lost 7\n"
		    "b.cs1 select\n"
		    "b.cs1 transfer 1 out=02 hz=1000000 mode=0 bits=8\n");
}

TEST_MAIN(NULL, NULL)
