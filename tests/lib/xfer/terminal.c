/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/xfer/terminal.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"

#define TIMEOUT_MS 20000

void terminal_start(struct terminal *terminal, const char *command)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };

	terminal->len = 0;
	terminal->text[0] = '\0';
	terminal->pid = forkpty(&terminal->fd, NULL, NULL, &size);
	assert_true(terminal->pid >= 0);
	if (terminal->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

/* Reads what is there. Returns 0 at the end. */
static ssize_t read_more(struct terminal *terminal)
{
	struct pollfd pollfd = { .fd = terminal->fd, .events = POLLIN };
	size_t room = sizeof(terminal->text) - 1 - terminal->len;
	ssize_t n;

	assert_true(room > 0);
	assert_int_equal(poll(&pollfd, 1, TIMEOUT_MS), 1);
	n = read(terminal->fd, terminal->text + terminal->len, room);
	if (n <= 0) /* EIO: nobody has the terminal open */
		return 0;
	terminal->len += (size_t)n;
	terminal->text[terminal->len] = '\0';
	return n;
}

void terminal_expect(struct terminal *terminal, const char *text)
{
	char *found;

	while (!(found = strstr(terminal->text, text))) {
		if (!read_more(terminal))
			fail_msg("\"%s\" is not in \"%s\"", text,
				 terminal->text);
	}
	found += strlen(text);
	terminal->len -= (size_t)(found - terminal->text);
	memmove(terminal->text, found, terminal->len + 1);
}

void terminal_type(struct terminal *terminal, const char *keys)
{
	size_t len = strlen(keys);

	assert_int_equal(write(terminal->fd, keys, len), len);
}

int terminal_wait(struct terminal *terminal)
{
	int status;

	while (read_more(terminal))
		;
	status = process_wait(terminal->pid, TIMEOUT_MS);
	close(terminal->fd);
	return status;
}
