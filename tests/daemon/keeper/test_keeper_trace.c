/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A trace whose process is killed: what it has written stays. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/keeper/killer.h"
#include "tests/lib/process.h"
#include "tests/lib/test.h"

/* Waits until @file has @part. */
static void expect(const struct rig *rig, const char *file, const char *part)
{
	int64_t end = process_now_ms() + DAEMON_TIMEOUT_MS;
	char text[65536];
	size_t len;

	do {
		FILE *stream = fopen(daemon_file(&rig->daemon, file), "re");

		len = stream ? fread(text, 1, sizeof(text) - 1, stream) : 0;
		text[len] = '\0';
		if (stream)
			fclose(stream);
		if (strstr(text, part))
			return;
		process_sleep_ms(20);
	} while (process_now_ms() < end);
	fail_msg("%s has no %s:\n%s", file, part, text);
}

TEST_WITH(file_of_the_process_before_is_kept, struct rig *rig)
{
	char lines[200], wave[200];
	const char *args[] = { "--device=sim:loopback", "--keeper", lines, wave,
			       NULL };
	struct spi_front *front;

	snprintf(lines, sizeof(lines), "--trace=%s",
		 daemon_file(&rig->daemon, "t.jsonl"));
	snprintf(wave, sizeof(wave), "--trace=%s",
		 daemon_file(&rig->daemon, "t.vcd"));
	daemon_start(&rig->daemon, 1, args);
	front = rig_open(rig, 0);
	rig_check_loopback(front, 11);
	expect(rig, "t.jsonl", "\"tx_len\":11");
	expect(rig, "t.vcd", "$enddefinitions");
	killer_crash(&rig->daemon, SIGKILL);
	rig_check_loopback(front, 22);
	expect(rig, "t.jsonl", "\"tx_len\":22");
	expect(rig, "t.jsonl.1", "\"tx_len\":11");
	expect(rig, "t.vcd", "$enddefinitions");
	expect(rig, "t.vcd.1", "$enddefinitions");
}

TEST_MAIN(rig_setup_idle, rig_teardown)
