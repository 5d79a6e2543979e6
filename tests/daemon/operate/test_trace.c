/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* --trace and trace=: which files there are, and what is in them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/daemon/config_rig.h"
#include "tests/lib/daemon/rig.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

static char text[1 << 20];

/* What is in @file; "" if there is none */
static const char *contents(const struct rig *rig, const char *file)
{
	FILE *stream = fopen(daemon_file(&rig->daemon, file), "re");
	size_t len = 0;

	if (stream) {
		len = fread(text, 1, sizeof(text) - 1, stream);
		fclose(stream);
	}
	text[len] = '\0';
	return text;
}

/* How many times @part is in @file; waits until it is @count times. */
static void expect(const struct rig *rig, const char *file, const char *part,
		   unsigned int count)
{
	int64_t end = process_now_ms() + DAEMON_TIMEOUT_MS;
	unsigned int found;

	do {
		const char *at = contents(rig, file);

		for (found = 0; (at = strstr(at, part)); found++)
			at += strlen(part);
		if (found < count)
			process_sleep_ms(20);
	} while (found < count && process_now_ms() < end);
	if (found != count)
		fail_msg("%s has \"%s\" %u times, not %u:\n%s", file, part,
			 found, count, contents(rig, file));
}

/* Starts a daemon on @device, with --trace=@file in its directory. */
static void start(struct rig *rig, const char *device, const char *file)
{
	char option[200];
	const char *const args[] = { device, option, NULL };

	snprintf(option, sizeof(option), "--trace=%s",
		 daemon_file(&rig->daemon, file));
	daemon_start(&rig->daemon, 1, args);
}

static void write_file(const struct rig *rig, const char *file,
		       const char *what)
{
	FILE *stream = fopen(daemon_file(&rig->daemon, file), "we");

	assert_non_null(stream);
	fputs(what, stream);
	fclose(stream);
}

static void requests_have_a_line_each(void **state)
{
	static const uint8_t command = 0x9f;
	struct rig *rig = *state;
	struct spi_front *front;
	uint8_t id[3];

	start(rig, "--device=sim:nor", "t.jsonl");
	front = rig_open(rig, 0);
	rig_tx(front, 0, &command, 1);
	rig_rx(front, 0, id, sizeof(id));
	rig_tx(front, 1, id, 1);
	expect(rig, "t.jsonl", "\"bus\":\"sim_nor\",\"cs\":0,\"status\":\"OK\"",
	       3);
	expect(rig, "t.jsonl",
	       "\"message\":\"new\",\"after\":\"defers\",\"why\":\"the command "
	       "has more parts",
	       1);
	expect(rig, "t.jsonl", "\"tx\":\"9f\",\"rx\":\"\"}\n", 1);
	expect(rig, "t.jsonl",
	       "\"message\":\"joins\",\"after\":\"releases\",\"why\":\"the "
	       "command is complete\"",
	       1);
	expect(rig, "t.jsonl", "\"tx_len\":0,\"rx_len\":3,", 1);
	expect(rig, "t.jsonl", "\"tx\":\"\",\"rx\":\"ef4018\"}\n", 1);
}

static void transfers_have_a_line_each(void **state)
{
	static const uint8_t command = 0x9f;
	struct rig *rig = *state;
	struct spi_front *front;
	uint8_t id[3];

	start(rig, "--device=sim:nor", "t.txt");
	front = rig_open(rig, 0);
	rig_tx(front, 0, &command, 1);
	rig_rx(front, 0, id, sizeof(id));
	expect(rig, "t.txt", "Z sim_nor.cs0 select\n", 1);
	expect(rig, "t.txt", "Z sim_nor.cs0 transfer 1 out=9f hz=", 1);
	expect(rig, "t.txt", "Z sim_nor.cs0 transfer 3 in=ef4018 hz=", 1);
	expect(rig, "t.txt", "Z sim_nor.cs0 release\n", 1);
}

static void refused_request_has_a_line(void **state)
{
	static const uint8_t byte;
	struct spi_front_request request = { .head = rig_head(3),
					     .tx = &byte,
					     .tx_len = 1 };
	struct rig *rig = *state;

	start(rig, "--device=sim:loopback", "t.jsonl");
	rig_expect(rig_open(rig, 0), &request, VIRTIO_SPI_PARAM_ERR);
	expect(rig, "t.jsonl", "\"status\":\"PARAM_ERR\"", 1);
}

/* Long transfers have their first bytes, and are whole on the wire. */
static void long_transfers_are_cut_in_lines_alone(void **state)
{
	struct rig *rig = *state;
	static uint8_t bytes[300000], back[300000];

	rig_pattern(bytes, sizeof(bytes), 1);
	start(rig, "--device=sim:loopback", "t.jsonl");
	rig_duplex(rig_open(rig, 0), bytes, back, sizeof(bytes));
	assert_memory_equal(bytes, back, sizeof(bytes));
	expect(rig, "t.jsonl", "\"tx_len\":300000,\"rx_len\":300000,", 1);
	assert_in_range(strlen(contents(rig, "t.jsonl")), 256, 1024);
}

static void file_that_was_there_is_kept(void **state)
{
	struct rig *rig = *state;
	struct stat st;

	write_file(rig, "t.vcd", "old");
	start(rig, "--device=sim:loopback", "t.vcd");
	rig_check_loopback(rig_open(rig, 0), 8);
	expect(rig, "t.vcd.1", "old", 1);
	expect(rig, "t.vcd", "$enddefinitions", 1);
	assert_int_equal(stat(daemon_file(&rig->daemon, "t.vcd"), &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
}

static void refuse(struct rig *rig, const char *file, const char *why)
{
	char option[200], expected[400];
	const char *const args[] = { "--device=sim:loopback", "-s", "/nowhere",
				     option, NULL };

	snprintf(option, sizeof(option), "--trace=%s",
		 daemon_file(&rig->daemon, file));
	daemon_spawn(&rig->daemon, args);
	assert_int_equal(daemon_wait(&rig->daemon), 1);
	snprintf(expected, sizeof(expected), "vhost-device-spi: %s: %s\n",
		 option, why);
	if (!strstr(daemon_stderr(&rig->daemon), expected))
		fail_msg("%s", daemon_stderr(&rig->daemon));
}

static void file_that_cannot_be_written_ends_the_start(void **state)
{
	struct rig *rig = *state;

	refuse(rig, "no/t.vcd", "No such file or directory");
	assert_int_equal(mkfifo(daemon_file(&rig->daemon, "p.vcd"), 0600), 0);
	refuse(rig, "p.vcd", "exists, and is not a regular file");
}

static void file_that_is_full_is_followed_by_another(void **state)
{
	static uint8_t bytes[4096];
	struct rig *rig = *state;
	char option[200];
	const char *const args[] = { "--device=sim:loopback", option,
				     "--trace-size=64K", NULL };

	snprintf(option, sizeof(option), "--trace=%s",
		 daemon_file(&rig->daemon, "t.vcd"));
	daemon_start(&rig->daemon, 1, args);
	rig_duplex(rig_open(rig, 0), bytes, bytes, sizeof(bytes));
	expect(rig, "t.vcd.3", "$enddefinitions", 1);
	expect(rig, "t.vcd", "$enddefinitions", 1);
	expect(rig, "t.vcd.4", "$enddefinitions", 0);
}

/* Starts the daemon with @config, and opens front end 0. */
static struct spi_front *start_config(struct rig *rig, const char *config)
{
	char option[200];
	const char *const args[] = { option, NULL };

	snprintf(option, sizeof(option), "--config=%s",
		 daemon_file(&rig->daemon, "conf"));
	config_write(rig, config);
	daemon_spawn(&rig->daemon, args);
	while (!daemon_listens(daemon_file(&rig->daemon, "a"))) {
		daemon_check_alive(&rig->daemon);
		process_sleep_ms(10);
	}
	return config_open(rig, 0, "a");
}

/* How often the daemon has said so. */
static unsigned int answers(const struct rig *rig, const char *answer)
{
	const char *at = daemon_stderr(&rig->daemon);
	unsigned int count = 0;

	for (; (at = strstr(at, answer)); count++)
		at += strlen(answer);
	return count;
}

static void reload(struct rig *rig, const char *config, const char *answer)
{
	unsigned int before = answers(rig, answer);

	config_write(rig, config);
	kill(rig->daemon.pid, SIGHUP);
	while (answers(rig, answer) == before) {
		daemon_check_alive(&rig->daemon);
		process_sleep_ms(10);
	}
}

#define READ "configuration read"

static void hangup_switches_traces_of_all_chips(void **state)
{
	static const char without[] =
		"guest name=a,socket=%s/a,device=sim:loopback\n";
	static const char one[] =
		"guest name=a,socket=%s/a,device=sim:loopback\n"
		"trace %s/1.jsonl\n";
	static const char two[] =
		"guest name=a,socket=%s/a,device=sim:loopback\n"
		"trace %s/1.jsonl\ntrace=%s/2.jsonl\n";
	struct rig *rig = *state;
	struct spi_front *front = start_config(rig, without);

	rig_check_loopback(front, 1);
	reload(rig, one, READ);
	rig_check_loopback(front, 2);
	reload(rig, two, READ);
	rig_check_loopback(front, 3);
	reload(rig, without, READ);
	rig_check_loopback(front, 4);
	expect(rig, "1.jsonl", "\"tx_len\":2", 1);
	expect(rig, "1.jsonl", "\"tx_len\":", 2);
	expect(rig, "2.jsonl", "\"tx_len\":3", 1);
	expect(rig, "2.jsonl", "\"tx_len\":", 1);
	rig_close(rig, 0);
}

/* Nobody's front end has to connect again for that. */
static void hangup_switches_the_trace_of_a_chip(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = start_config(
		rig, "guest name=a,socket=%s/a,device=sim:loopback\n");

	reload(rig,
	       "guest name=a,socket=%s/a,device=sim:loopback,"
	       "trace=%s/1.jsonl,cs-hold=10\n"
	       "guest name=b,socket=%s/b,device=sim:loopback\n",
	       "guest a: is served from now on");
	daemon_wait_log(&rig->daemon, READ, 1);
	rig_close(rig, 0);
	front = config_open(rig, 0, "a");
	rig_check_loopback(front, 1);
	reload(rig,
	       "guest name=a,socket=%s/a,device=sim:loopback,cs-hold=10,"
	       "trace=%s/2.vcd\n"
	       "guest name=b,socket=%s/b,device=sim:loopback\n",
	       READ);
	rig_check_loopback(front, 2);
	reload(rig,
	       "guest name=a,socket=%s/a,device=sim:loopback,cs-hold=10\n"
	       "guest name=b,socket=%s/b,device=sim:loopback\n",
	       READ);
	rig_check_loopback(front, 3);
	expect(rig, "1.jsonl", "\"tx_len\":1", 1);
	expect(rig, "1.jsonl", "\"tx_len\":", 1);
	/* 16 bits are clocked: the signal was named first. */
	expect(rig, "2.vcd", "\n1!", 16);
	rig_close(rig, 0);
}

static void trace_that_cannot_be_had_changes_nothing(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = start_config(
		rig, "guest name=a,socket=%s/a,device=sim:loopback\n"
		     "trace=%s/1.jsonl\n");

	reload(rig,
	       "guest name=a,socket=%s/a,device=sim:loopback\n"
	       "trace=%s/2.jsonl\ntrace=%s/no/2.jsonl\n",
	       "nothing was changed: --trace=");
	rig_check_loopback(front, 5);
	expect(rig, "1.jsonl", "\"tx_len\":5", 1);
	rig_close(rig, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_IDLE(requests_have_a_line_each),
		RIG_TEST_IDLE(transfers_have_a_line_each),
		RIG_TEST_IDLE(refused_request_has_a_line),
		RIG_TEST_IDLE(long_transfers_are_cut_in_lines_alone),
		RIG_TEST_IDLE(file_that_was_there_is_kept),
		RIG_TEST_IDLE(file_that_is_full_is_followed_by_another),
		RIG_TEST_IDLE(hangup_switches_traces_of_all_chips),
		RIG_TEST_IDLE(hangup_switches_the_trace_of_a_chip),
		RIG_TEST_IDLE(trace_that_cannot_be_had_changes_nothing),
		RIG_TEST_IDLE(file_that_cannot_be_written_ends_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
