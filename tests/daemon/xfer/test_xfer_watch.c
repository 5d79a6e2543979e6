/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* spi-xfer --watch, in a pipe and on a terminal */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/lib/xfer/terminal.h"
#include "tests/lib/xfer/xfer_tool.h"

/* A daemon with statistics in its directory, and guest 0 connected */
static int setup(void **state)
{
	char stats[2 * DAEMON_PATH_MAX];
	const char *const args[] = { "--device=sim:loopback", stats, NULL };
	struct rig *rig;

	rig_setup_idle(state);
	rig = *state;
	snprintf(stats, sizeof(stats), "--stats=%s",
		 daemon_file(&rig->daemon, "stats"));
	daemon_start(&rig->daemon, 2, args);
	rig_open(rig, 0);
	return 0;
}

static const char *command(const struct rig *rig)
{
	static char text[512];
	const char *tool = getenv("SPI_XFER");

	snprintf(text, sizeof(text), "exec %s --watch %s",
		 tool ? tool : "build/spi-xfer",
		 daemon_file(&rig->daemon, "stats"));
	return text;
}

/* Works for so long; a second is enough for the file to be written. */
static void work(struct rig *rig, int ms)
{
	int64_t deadline = process_now_ms() + ms;

	while (process_now_ms() < deadline) {
		rig_check_loopback(&rig->fronts[0], 4);
		process_sleep_ms(5);
	}
}

TEST_WITH(pipe_has_a_block_per_second, struct rig *rig)
{
	const char *const argv[] = { "sh", "-c", command(rig), NULL };
	char log[2 * DAEMON_PATH_MAX], text[8192];
	unsigned int blocks = 0, busy = 0;
	FILE *file;
	pid_t pid;

	work(rig, 1200);
	snprintf(log, sizeof(log), "%s", daemon_file(&rig->daemon, "log"));
	pid = process_start(argv, log);
	assert_true(pid > 0);
	work(rig, 3500);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(process_wait(pid, DAEMON_TIMEOUT_MS), 0);

	file = fopen(log, "re");
	assert_non_null(file);
	while (fgets(text, sizeof(text), file)) {
		double requests;

		assert_null(strchr(text, '\033'));
		if (!strncmp(text, "BUS ", 4))
			blocks++;
		if (sscanf(text, "0 running %lf", &requests) == 1 &&
		    requests > 10)
			busy++;
	}
	fclose(file);
	assert_in_range(blocks, 2, 5);
	assert_in_range(busy, 1, 5);
}

TEST_WITH(terminal_has_a_screen_until_q, struct rig *rig)
{
	static struct terminal terminal;

	work(rig, 1200);
	terminal_start(&terminal, command(rig));
	terminal_expect(&terminal, "\033[H\033[J");
	terminal_expect(&terminal, "sim:loopback (own)");
	terminal_expect(&terminal, "running ");
	terminal_expect(&terminal, "\033[H\033[J");
	terminal_expect(&terminal, "running ");
	terminal_type(&terminal, "xq");
	assert_int_equal(terminal_wait(&terminal), 0);
}

TEST_WITH(file_that_is_gone_is_said, struct rig *rig)
{
	static struct terminal terminal;

	work(rig, 1200);
	terminal_start(&terminal, command(rig));
	terminal_expect(&terminal, "\033[H\033[J");
	rig_close(rig, 0);
	daemon_stop(&rig->daemon, SIGTERM);
	terminal_expect(&terminal, "stats: No such file or directory");
	terminal_type(&terminal, "\003");
	assert_int_equal(terminal_wait(&terminal), 0);
	assert_int_equal(xfer_run(rig, "--watch /nonexistent"), 1);
	assert_string_equal(xfer_output, "spi-xfer: /nonexistent: No such file "
					 "or directory\n");
	assert_int_equal(xfer_run(rig, "--watch /etc/passwd"), 1);
	assert_string_equal(xfer_output, "spi-xfer: /etc/passwd: is not a file "
					 "of --stats=\n");
}

TEST_MAIN(setup, rig_teardown)
