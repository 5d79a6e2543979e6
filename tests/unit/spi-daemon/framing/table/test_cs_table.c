/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* The notation of tables: what is one, and what is said of what is none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spi-daemon/framing/table/cs_table.h"
#include "tests/lib/test.h"

static struct cs_table *parse(const char *text)
{
	struct cs_table *table = NULL;
	char error[256];

	if (cs_table_parse("t", text, strlen(text), &table, error,
			   sizeof(error)))
		fail_msg("%s", error);
	return table;
}

/* Transfers of a message, and whether it goes on behind each */
struct walk {
	const char *line;
	/*
	 * "1" sends one byte, "r2" receives two; behind it + if the message
	 * goes on, and . if it ends.
	 */
	const char *transfers;
};

static void walk(const struct walk *w)
{
	struct cs_table *table = parse(w->line);
	const struct cs_command *command = &table->commands[0];
	struct cs_place place = { 0 };
	const char *at = w->transfers;

	while (*at) {
		bool receives = *at == 'r';
		char *end;
		uint64_t len = strtoul(at + receives, &end, 10);
		bool more = cs_command_step(command, &place, len, receives);

		if (more != (*end == '+'))
			fail_msg("%s: %s: at %s", w->line, w->transfers, at);
		at = end + 1;
		at += *at == ' ';
	}
	cs_table_free(table);
}

TEST(parts_tell_where_a_message_ends)
{
	static const struct walk walks[] = {
		{ "06", "1." },
		{ "06", "4." },
		{ "9f in", "1+ r3." },
		{ "9f in", "3+ 9+ r3." },
		{ "9f in", "r1." },
		{ "03 [address] [dummy] in", "1+ r1." },
		{ "03 [address] [dummy] in", "1+ 3+ 1+ r1." },
		{ "01 out", "1+ 1." },
		{ "01 out", "1+ 9." },
		{ "01 out", "3." },
		{ "02 address out", "1+ 2+ 64." },
		{ "02 address out", "66." },
		{ "02 address:2 out", "1+ 1+ 1+ 9." },
		{ "02 address:2 out", "3+ 1." },
		{ "02 address:2 out", "1+ 3." },
		{ "02 address:3-4 out", "5+ 1." },
		{ "02 address:3-4 out", "4+ 2." },
		{ "02 address:3-4 out", "6." },
		{ "02 address:3-4 out", "1+ 2+ 2+ 9." },
		{ "02 address:3-4 out", "1+ 2+ 1+ 1." },
		{ "02 address:2-5 out", "1+ 4+ 1." },
		/* What no flash has */
		{ "80 out:4", "1+ 2+ 2." },
		{ "80 out:4", "5." },
		{ "80 out:4 dummy:1 in", "1+ 4+ 1+ r2." },
		{ "80 in:1 out", "1+ r1+ 4." },
		{ "80 in:4 out", "1+ r1+ r3+ 4." },
		{ "80 in:1 in", "1+ r1+ r9." },
		{ "80 in in", "1+ r1+ r9." },
		{ "80 address in:1 out:2 in", "1+ 2+ r1+ 1+ 1+ r4." },
		/* What is received where nothing is due ends it. */
		{ "d8 address", "1+ r1." },
		{ "80 in:1 out", "1+ r1+ r1." },
		{ "80 out in:2 out", "r2+ 4." },
	};

	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++)
		walk(&walks[i]);
}

TEST(words_are_kept)
{
	struct cs_table *table = parse("# a chip\n"
				       "\n"
				       "06 opens\t# the first command\r\n"
				       "04 closes\n"
				       "02 address:2 out starts again\n"
				       "05 in status busy=01/03\n"
				       "0F address:1 in status at=C0 busy=80\n"
				       "13 address loads held\n"
				       "03 in cache\n"
				       "99 resets");
	static const enum cs_effect effects[] = {
		EFFECT_OPENS,  EFFECT_CLOSES, EFFECT_STARTS,	 EFFECT_STATUS,
		EFFECT_STATUS, EFFECT_LOADS,  EFFECT_USES_CACHE, EFFECT_RESETS,
	};
	uint8_t cmd[2];

	assert_int_equal(table->count, 8);
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(table->commands[i].effect, effects[i]);
		assert_int_equal(table->commands[i].again, i == 2);
		assert_int_equal(table->commands[i].held, i == 5);
	}
	assert_int_equal(cs_table_status_command(table, cmd), 1);
	assert_int_equal(cmd[0], 0x05);
	cs_table_free(table);
}

TEST(status_tells_whether_the_chip_works)
{
	struct cs_table *table = parse("0f address:1 in status at=c0 "
				       "busy=01/03\n70 in status busy=00/80");
	const struct cs_command *nand = cs_table_find(table, 0x0f);
	const struct cs_command *flag = cs_table_find(table, 0x70);
	uint8_t header[2] = { 0x0f, 0xc0 }, cmd[2];

	assert_true(cs_command_says_busy(nand, header, 0xfd));
	assert_false(cs_command_says_busy(nand, header, 0x03));
	assert_false(cs_command_says_busy(nand, header, 0x00));
	header[1] = 0xa0;
	assert_true(cs_command_says_busy(nand, header, 0x00));
	assert_true(cs_command_says_busy(flag, header, 0x7f));
	assert_false(cs_command_says_busy(flag, header, 0x80));
	assert_int_equal(cs_table_status_command(table, cmd), 2);
	assert_memory_equal(cmd, "\x0f\xc0", 2);
	cs_table_free(table);
}

TEST(first_line_that_fits_has_the_command)
{
	struct cs_table *table = parse("1f in\n00/e0 out\n20/e0 address in\n");

	assert_ptr_equal(cs_table_find(table, 0x1f), &table->commands[0]);
	assert_ptr_equal(cs_table_find(table, 0x1e), &table->commands[1]);
	assert_ptr_equal(cs_table_find(table, 0x3f), &table->commands[2]);
	assert_null(cs_table_find(table, 0x40));
	assert_null(cs_table_find(NULL, 0x1f));
	cs_table_free(table);
}

TEST(tables_are_equal_by_what_they_say)
{
	static const char *const others[] = {
		"03 in\n",	     "02 in again\n",
		"03/f3 in again\n",  "03 in:1 again\n",
		"03 out again\n",    "03 dummy in again\n",
		"03 in held\n",	     "03 in again cache\n",
		"03 in again\n04\n", "03 in again status busy=01/01\n",
	};
	struct cs_table *a = parse("03 in again"), *b;

	b = parse("# read\n  03/ff  in  again # all of it");
	assert_true(cs_table_equal(a, b));
	cs_table_free(b);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		b = parse(others[i]);
		if (cs_table_equal(a, b))
			fail_msg("%s", others[i]);
		cs_table_free(b);
	}
	assert_false(cs_table_equal(a, NULL));
	assert_true(cs_table_equal(NULL, NULL));
	cs_table_free(a);
}

#define HEX   "is not two hexadecimal digits, or two and a mask, as 03/f7"
#define LEN   "has no length as 3 or 3-4, of 1 to 65535 bytes"
#define STATE "\"status\" is asked with the command byte, and the address:1"

static const struct {
	const char *text, *error;
} mistakes[] = {
	{ "", "t: there is no command in it" },
	{ "# nothing\n\n", "t: there is no command in it" },
	{ "06\n\nread in\n", "t:3: \"read\" " HEX },
	{ "6", "t:1: \"6\" " HEX },
	{ "0x06", "t:1: \"0x06\" " HEX },
	{ "061", "t:1: \"061\" " HEX },
	{ "06/", "t:1: \"06/\" " HEX },
	{ "06/f", "t:1: \"06/f\" " HEX },
	{ "06/0f0", "t:1: \"06/0f0\" " HEX },
	{ "06,04", "t:1: \"06,04\" " HEX },
	{ "-6", "t:1: \"-6\" " HEX },
	{ "06/f0", "t:1: \"06/f0\" has bits outside of its mask" },
	{ "06\n06", "t:2: the lines before have all of its" },
	{ "06/fe\n06\n07", "t:2: the lines before" },
	{ "03 adress in", "t:1: \"adress\" is no word of a table" },
	{ "03 IN", "t:1: \"IN\" is no word" },
	{ "03 [in", "t:1: \"[in\" is no word" },
	{ "03 in]", "t:1: \"in]\" is no word" },
	{ "03 [] in", "t:1: \"[\" is no word" },
	{ "03 [again]", "t:1: \"[again\" is no word of a table" },
	{ "03 address: in", "t:1: \"address:\" " LEN },
	{ "03 address:0 in", "t:1: \"address:0\" " LEN },
	{ "03 address:-1 in", "t:1: \"address:-1\" " LEN },
	{ "03 address:3- in", "t:1: \"address:3-\" " LEN },
	{ "03 address:4-3 in", "t:1: \"address:4-3\" " LEN },
	{ "03 address:3-4-5 in", "t:1: \"address:3-4-5\" " LEN },
	{ "03 address:x in", "t:1: \"address:x\" " LEN },
	{ "03 out:65536", "t:1: \"out:65536\" " LEN },
	{ "03 out:99999999999999999999", "t:1: \"out:999" },
	{ "03 in:1-2", "t:1: \"in:1-2\": what is received has one" },
	{ "03 [in]", "t:1: \"in\" cannot be optional" },
	{ "03 [address] out", "t:1: an optional part needs an \"in\"" },
	{ "03 in [address]", "t:1: an optional part needs an \"in\"" },
	{ "03 again in", "t:1: \"in\": parts come before all else" },
	{ "03 out out out out out out out out out",
	  "t:1: there are more than 8 parts" },
	{ "06 opens closes", "t:1: it cannot be \"opens\" and \"clos" },
	{ "06 opens opens", "t:1: it cannot be \"opens\" and \"opens" },
	{ "06 out opens", "t:1: \"opens\" is a command byte alone" },
	{ "06/fe opens", "t:1: the daemon sends it, too" },
	{ "03 out again held", "t:1: it cannot be \"again\" and" },
	{ "05 in status", "t:1: \"status\" needs busy=" },
	{ "05 in busy=01/01", "t:1: \"busy=\" and \"at=\" need \"st" },
	{ "05 address:1 in at=c0", "t:1: \"busy=\" and \"at=\" need" },
	{ "05 in status busy=1", "t:1: \"busy=1\" " HEX },
	{ "05 in status busy=02/01", "t:1: \"busy=02/01\" has bits" },
	{ "05 status busy=01/01", "t:1: " STATE },
	{ "05 out status busy=01/01", "t:1: " STATE },
	{ "05 in out status busy=01/01", "t:1: " STATE },
	{ "05 in in status busy=01/01", "t:1: " STATE },
	{ "05 dummy:1 in status busy=01/01", "t:1: " STATE },
	{ "05 in status at=c0 busy=01/01", "t:1: " STATE },
	{ "05 address:2 in status at=c0 busy=01/01", "t:1: " STATE },
	{ "04/fe in status busy=01/01", "t:1: the daemon sends it" },
	{ "02 out starts\n06 opens\n", "t:1: behind it the chip works" },
	{ "06\n99 resets\n", "t:2: behind it the chip works" },
	{ "13 address loads\n", "t:1: behind it the chip works" },
	{ "\x01\n", "t:1: it has a character that is not text" },
	{ "03 \xc3\xa4\n", "t:1: it has a character that is not text" },
};

TEST(mistakes_are_told_with_their_line)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct cs_table *table;
		char error[256] = "";
		int ret = cs_table_parse("t", mistakes[i].text,
					 strlen(mistakes[i].text), &table,
					 error, sizeof(error));

		if (ret != -EINVAL || strncmp(error, mistakes[i].error,
					      strlen(mistakes[i].error)) != 0)
			fail_msg("%s: %d, \"%s\", not \"%s\"", mistakes[i].text,
				 ret, error, mistakes[i].error);
	}
}

static void check_refused(const char *text, size_t len, const char *want)
{
	struct cs_table *table;
	char error[256];

	assert_int_equal(
		cs_table_parse("t", text, len, &table, error, sizeof(error)),
		-EINVAL);
	assert_string_equal(error, want);
}

TEST(size_has_limits)
{
	char *text = calloc(1, CS_TABLE_FILE_MAX), *end = text;
	struct cs_table *table;

	memset(text, ' ', CS_TABLE_LINE_MAX + 1);
	memcpy(text, "03", 2);
	check_refused(text, CS_TABLE_LINE_MAX + 1,
		      "t:1: the line is longer than 255 characters");
	text[CS_TABLE_LINE_MAX] = '\0';
	cs_table_free(parse(text));
	check_refused("06\n04\0\n", 7,
		      "t:2: it has a character that is not text");
	for (unsigned int i = 0; i < 256; i++) {
		end += sprintf(end, "%02x\n", i);
		if (i == CS_COMMANDS_MAX - 1) {
			table = parse(text);
			assert_int_equal(table->count, CS_COMMANDS_MAX);
			cs_table_free(table);
		}
	}
	check_refused(text, strlen(text),
		      "t:256: there are more than 255 commands");
	free(text);
}

static char dir[] = "/tmp/cs-table-XXXXXX";

static void check_file(const char *name, const char *want)
{
	struct cs_table *table = NULL;
	char path[64], error[256] = "", all[256];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ret = cs_table_load(path, &table, error, sizeof(error));
	snprintf(all, sizeof(all), "%s%s", path, want);
	assert_string_equal(error, *want ? all : "");
	assert_int_equal(ret, *want ? -EINVAL : 0);
	cs_table_free(table);
	unlink(path);
}

static void write_file(const char *name, const char *text, off_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	if (size)
		assert_int_equal(truncate(path, size), 0);
}

/* A name may be that of anything. Nothing is waited for. */
TEST(only_files_are_tables)
{
	char path[64];

	assert_non_null(mkdtemp(dir));
	check_file("none", ": No such file or directory");
	write_file("good", "03 address in\n", 0);
	check_file("good", "");
	write_file("bad", "03 address in\n04 addr\n", 0);
	check_file("bad", ":2: \"addr\" is no word of a table");
	write_file("empty", "", 0);
	check_file("empty", ": there is no command in it");
	write_file("huge", "03\n", CS_TABLE_FILE_MAX + 1);
	check_file("huge", ": it is larger than 64 KiB");
	write_file("holes", "03\n", CS_TABLE_FILE_MAX);
	check_file("holes", ":2: the line is longer than 255 characters");
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_file("fifo", ": it is not a regular file");
	check_file(".", ": it is not a regular file");
	assert_int_equal(symlink("/dev/zero", path), 0);
	check_file("fifo", ": it is not a regular file");
	assert_int_equal(symlink(path, path), 0);
	check_file("fifo", ": Too many levels of symbolic links");
	assert_int_equal(rmdir(dir), 0);
}

TEST_MAIN(NULL, NULL)
