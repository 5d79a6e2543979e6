/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/xfer/xfer_tool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"

char xfer_output[65536];

static const char *tool(void)
{
	const char *path = getenv("SPI_XFER");

	return path ? path : "build/spi-xfer";
}

int xfer_run(const struct rig *rig, const char *args)
{
	char command[2048];
	FILE *pipe;
	size_t len;
	int status;

	snprintf(command, sizeof(command), "%s 2>&1 --socket %s %s %s", tool(),
		 daemon_socket(&rig->daemon, 0), rig->packed ? "--packed" : "",
		 args);
	pipe = popen(command, "re");
	assert_non_null(pipe);
	len = fread(xfer_output, 1, sizeof(xfer_output) - 1, pipe);
	xfer_output[len] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void xfer_expect(const struct rig *rig, const char *args, int status,
		 const char *text)
{
	int got = xfer_run(rig, args);

	assert_string_equal(xfer_output, text);
	assert_int_equal(got, status);
}

/* Returns true if the log has the line that says where it listens. */
static bool find_place(struct xfer_server *server, const char *log)
{
	char line[128] = "";
	FILE *file = fopen(log, "re");
	bool found;

	found = file && fgets(line, sizeof(line), file) &&
		sscanf(line, "listening on %63s\n", server->place) == 1 &&
		strchr(line, '\n');
	if (file)
		fclose(file);
	if (found && strrchr(server->place, ':'))
		server->port = atoi(strrchr(server->place, ':') + 1);
	return found;
}

void xfer_server_start(struct xfer_server *server, const struct rig *rig,
		       const char *place)
{
	int64_t deadline = process_now_ms() + DAEMON_TIMEOUT_MS;
	char log[2 * DAEMON_PATH_MAX], socket[2 * DAEMON_PATH_MAX];
	char serprog[96];
	const char *const argv[] = { tool(), socket, serprog, NULL };

	snprintf(log, sizeof(log), "%s",
		 daemon_file(&rig->daemon, "serprog.log"));
	remove(log);
	snprintf(socket, sizeof(socket), "--socket=%s",
		 daemon_socket(&rig->daemon, 0));
	snprintf(serprog, sizeof(serprog), "--serprog=%s", place);
	server->pid = process_start(argv, log);
	assert_true(server->pid > 0);
	while (!find_place(server, log)) {
		if (process_now_ms() > deadline ||
		    !process_is_running(server->pid)) {
			process_show_log("spi-xfer --serprog", log);
			fail_msg("spi-xfer does not listen");
		}
		process_sleep_ms(5);
	}
}

void xfer_server_stop(struct xfer_server *server, int signal)
{
	assert_int_equal(kill(server->pid, signal), 0);
	assert_int_equal(process_wait(server->pid, DAEMON_TIMEOUT_MS), 0);
	server->pid = 0;
}
