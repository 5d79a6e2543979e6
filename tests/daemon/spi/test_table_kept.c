/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * With --keeper a table of commands is the one that was read, whatever has
 * become of its file when the serving process dies.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/test.h"

#define TABLE	 "05 in\n06\n02 address:3 out\n03 address:3 in\n"
#define NO_TABLE "02 adress\n"
/* The same without a program: its parts are messages of their own. */
#define OTHER_TABLE "05 in\n06\n03 address:3 in\n"

static void write_file(const struct rig *rig, const char *name,
		       const char *text)
{
	FILE *file = fopen(daemon_file(&rig->daemon, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_file(const struct rig *rig, const char *name)
{
	assert_int_equal(unlink(daemon_file(&rig->daemon, name)), 0);
}

static const char *device(const struct rig *rig, char *text, size_t size)
{
	snprintf(text, size, "sim:nor,size=64k,cs-hold=5000,cs=table:%s",
		 daemon_file(&rig->daemon, "table"));
	return text;
}

/* Returns true if the three parts of a program are a message. */
static bool programs(struct spi_front *front, uint8_t page)
{
	uint8_t status = 1, byte = 0;

	rig_tx(front, 0, (const uint8_t[]){ 0x06 }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0x02 }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0, page, 0 }, 3);
	rig_tx(front, 0, (const uint8_t[]){ 0x5a }, 1);
	while (status & 1) {
		rig_tx(front, 0, (const uint8_t[]){ 0x05 }, 1);
		rig_rx(front, 0, &status, 1);
	}
	rig_tx(front, 0, (const uint8_t[]){ 0x03 }, 1);
	rig_tx(front, 0, (const uint8_t[]){ 0, page, 0 }, 3);
	rig_rx(front, 0, &byte, 1);
	return byte == 0x5a;
}

TEST_WITH(table_of_the_command_line_outlives_its_file, struct rig *rig)
{
	char text[256], option[300];
	const char *args[] = { option, "--keeper", NULL };
	struct spi_front *front;

	write_file(rig, "table", TABLE);
	snprintf(option, sizeof(option), "--device=%s",
		 device(rig, text, sizeof(text)));
	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	assert_true(programs(front, 1));
	write_file(rig, "table", NO_TABLE);
	killer_crash(&rig->daemon, SIGKILL);
	assert_true(programs(front, 2));
	remove_file(rig, "table");
	killer_crash(&rig->daemon, SIGKILL);
	killer_crash(&rig->daemon, SIGSEGV);
	assert_true(programs(front, 3));
}

static void write_config(const struct rig *rig)
{
	char text[200], line[256];

	snprintf(line, sizeof(line), "device %s\nkeeper\n",
		 device(rig, text, sizeof(text)));
	write_file(rig, "config", line);
}

/* SIGHUP reads the file, or nothing changes. */
TEST_WITH(table_of_the_configuration_is_the_one_that_was_accepted,
	  struct rig *rig)
{
	char option[200];
	const char *args[] = { option, NULL };
	struct spi_front *front;

	write_file(rig, "table", TABLE);
	write_config(rig);
	snprintf(option, sizeof(option), "--config=%s",
		 daemon_file(&rig->daemon, "config"));
	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	assert_true(programs(front, 1));
	write_file(rig, "table", NO_TABLE);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "nothing was changed: ", 1);
	killer_crash(&rig->daemon, SIGKILL);
	assert_true(programs(front, 2));
	rig_close(rig, 0);
	write_file(rig, "table", OTHER_TABLE);
	kill(rig->daemon.pid, SIGHUP);
	daemon_wait_log(&rig->daemon, "configuration read, ", 1);
	front = rig_open(rig, 0);
	assert_false(programs(front, 3));
	remove_file(rig, "table");
	killer_crash(&rig->daemon, SIGKILL);
	assert_false(programs(front, 4));
}

TEST_MAIN(rig_setup_idle, rig_teardown)
