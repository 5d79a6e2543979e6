/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * cs=table:FILE with a chip that is no flash: the converter of docs/framing.md.
 * The chip is a program in a thread of the test, which sees each edge.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/fixture/chip_program.h"
#include "tests/lib/test.h"

#define CONVERTER                                                          \
	"c0 in:1 out:4           # calibrate: a status, then the values\n" \
	"80/80 in:1 in again     # read a register: a status, then the "   \
	"value\n"                                                          \
	"00/c0 out               # write a register\n"

struct world {
	struct rig *rig;
	struct chip_program program;
	struct spi_front *guest;
	/* Its directory has nothing else: the sandbox must allow it. */
	char dir[32], table[40];
};

static void write_table(struct world *w, const char *text)
{
	FILE *file = fopen(w->table, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void start_daemon(struct world *w)
{
	char line[512], config[DAEMON_PATH_MAX];
	const char *args[] = { "--config", config, "--verbose", NULL };

	snprintf(line, sizeof(line),
		 "guest name=a,socket=%%s/a,device=sim:socket=%s,cs-hold=10000,"
		 "cs=table:%s\n",
		 w->program.path, w->table);
	config_write(w->rig, line);
	snprintf(config, sizeof(config), "%s",
		 daemon_file(&w->rig->daemon, "conf"));
	daemon_spawn(&w->rig->daemon, args);
	daemon_wait_log(&w->rig->daemon, "serving 1 guest", 1);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *rig = NULL;

	assert_non_null(w);
	assert_int_equal(rig_setup_idle(&rig), 0);
	w->rig = rig;
	chip_program_init(&w->program);
	chip_program_start(&w->program, CHIP_PROPER);
	strcpy(w->dir, "/tmp/test-table-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->table, sizeof(w->table), "%s/chip", w->dir);
	write_table(w, CONVERTER);
	start_daemon(w);
	w->guest = config_open(w->rig, 0, "a");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *rig = w->rig;
	int ret = rig_teardown(&rig);

	unlink(w->table);
	rmdir(w->dir);

	chip_program_stop(&w->program);
	free(w);
	return ret;
}

static void send(struct world *w, const char *bytes, uint32_t len)
{
	rig_tx(w->guest, 0, (const uint8_t *)bytes, len);
}

static void receive(struct world *w, uint32_t len)
{
	uint8_t bytes[16];

	rig_rx(w->guest, 0, bytes, len);
}

/* What the chip saw since the last call, as far as it is known to be there */
static void expect(struct world *w, const char *letters)
{
	const char *got = chip_program_letters(&w->program,
					       (unsigned int)strlen(letters));

	assert_string_equal(got, letters);
	chip_program_forget(&w->program);
}

TEST_WITH(commands_are_messages_as_the_table_says, struct world *w)
{
	/* A register is written by two requests, which are sent as one. */
	send(w, "\x05", 1);
	send(w, "\x11", 1);
	expect(w, "HSTTD");
	assert_memory_equal(w->program.sent, "\x05\x11", 2);
	/* Or by one. */
	send(w, "\x06\x22\x33", 3);
	expect(w, "STD");
	/* A status and a value are received apart. */
	send(w, "\x9f", 1);
	receive(w, 1);
	receive(w, 4);
	expect(w, "STTTD");
	/* What is sent behind a status may come in parts. */
	send(w, "\xc0", 1);
	receive(w, 1);
	send(w, "\1\2\3", 3);
	send(w, "\4", 1);
	expect(w, "STTTTD");
	/* As with linux: two that only send are two messages. */
	send(w, "\x40", 1);
	send(w, "\x41", 1);
	receive(w, 1);
	expect(w, "STDSTTD");
}

static void reload(struct world *w, const char *table, const char *answer)
{
	write_table(w, table);
	kill(w->rig->daemon.pid, SIGHUP);
	daemon_wait_log(&w->rig->daemon, answer, 1);
}

/* The configuration is the same, but for what the file says. */
TEST_WITH(changed_table_changes_the_guest, struct world *w)
{
	reload(w, "# no change\n" CONVERTER, "configuration read");
	send(w, "\x05", 1);
	send(w, "\x11", 1);
	expect(w, "HSTTD");
	reload(w, CONVERTER "41 in\nO2 in\n", "chip:5: \"O2\" is not two");
	assert_non_null(strstr(daemon_stderr(&w->rig->daemon),
			       "nothing was changed: "));
	send(w, "\x05", 1);
	send(w, "\x11", 1);
	expect(w, "STTD");
	reload(w, "05 out:1 in\n", "guest a: is served from now on");
	rig_close(w->rig, 0);
	w->guest = config_open(w->rig, 0, "a");
	send(w, "\x05", 1);
	send(w, "\x11", 1);
	receive(w, 1);
	expect(w, "HSTTTD");
}

TEST_MAIN(setup, teardown)
