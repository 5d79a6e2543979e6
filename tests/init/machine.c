/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/init/machine.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/host/mounts.h"
#include "tests/lib/process.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"

#define CANNOT	   77
#define TIMEOUT_MS 60000

/* Before each command, for there is no login. */
#define ENVIRONMENT                                           \
	"export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C " \
	"SYSTEMD_UNIT_PATH=/run/units SYSTEMD_PAGER=; "

static void read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(text, 1, size - 1, file) : 0;

	text[len] = '\0';
	if (file)
		fclose(file);
}

/* Waits for process 1. Returns 0, CANNOT, or another exit status. */
static int wait_for_init(struct machine *m, const char *pid_file)
{
	int64_t deadline = process_now_ms() + TIMEOUT_MS;
	char pid[32];

	while (process_now_ms() < deadline) {
		bool running = process_is_running(m->runner);

		read_file(pid_file, pid, sizeof(pid));
		if (strchr(pid, '\n')) {
			m->init = atoi(pid);
			return 0;
		}
		if (!running)
			return process_wait(m->runner, 0);
		process_sleep_ms(10);
	}
	return 1;
}

int machine_start(struct machine *m, const char *kind)
{
	const char *installed = getenv("VHOST_INSTALLED");
	const char *argv[] = { "sh",   "tests/init/machine.sh",
			       kind,   installed,
			       m->dir, NULL };
	char pid_file[128];
	int status;

	memset(m, 0, sizeof(*m));
	if (!installed) {
		fprintf(stderr, "VHOST_INSTALLED is not set: make run-init\n");
		return -1;
	}
	status = mounts_make_private();
	if (status) {
		snprintf(m->missing, sizeof(m->missing),
			 "no mount namespace: %s", strerror(-status));
		return 0;
	}
	if (process_make_dir(m->dir, sizeof(m->dir)) < 0)
		return -1;
	snprintf(m->log, sizeof(m->log), "%s/log", m->dir);
	snprintf(pid_file, sizeof(pid_file), "%s/pid", m->dir);
	m->runner = process_start(argv, m->log);
	status = m->runner < 0 ? 1 : wait_for_init(m, pid_file);
	if (!status)
		return 0;
	m->runner = 0;
	if (status != CANNOT) {
		process_show_log("machine", m->log);
		return -1;
	}
	read_file(m->log, m->missing, sizeof(m->missing));
	m->missing[strcspn(m->missing, "\n")] = '\0';
	return 0;
}

void machine_stop(struct machine *m)
{
	if (m->runner > 0) {
		kill(m->runner, SIGTERM);
		if (process_wait(m->runner, TIMEOUT_MS) == -ETIMEDOUT) {
			kill(m->runner, SIGKILL);
			process_wait(m->runner, TIMEOUT_MS);
		}
	}
	if (*m->dir)
		process_remove_dir(m->dir);
}

void machine_need(const struct machine *m)
{
	if (!*m->missing)
		return;
	skip_because("%s", m->missing);
}

__attribute__((format(printf, 2, 0))) static int
run_command(struct machine *m, const char *format, va_list ap)
{
	char command[4096] = ENVIRONMENT;
	size_t len = strlen(command);
	char target[16];
	const char *argv[] = { "nsenter", "-a", "-t",	 target,
			       "/bin/sh", "-c", command, NULL };
	char log[128];
	pid_t pid;
	int status;

	vsnprintf(command + len, sizeof(command) - len, format, ap);
	snprintf(target, sizeof(target), "%d", m->init);
	snprintf(log, sizeof(log), "%s/output", m->dir);
	unlink(log);
	pid = process_start(argv, log);
	assert_true(pid > 0);
	status = process_wait(pid, TIMEOUT_MS);
	if (status == -ETIMEDOUT) {
		kill(pid, SIGKILL);
		process_wait(pid, TIMEOUT_MS);
	}
	read_file(log, m->output, sizeof(m->output));
	return status;
}

int machine_run(struct machine *m, const char *format, ...)
{
	va_list ap;
	int status;

	va_start(ap, format);
	status = run_command(m, format, ap);
	va_end(ap);
	return status;
}

const char *machine_expect(struct machine *m, int status, const char *format,
			   ...)
{
	char command[4096];
	va_list ap;
	int got;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	got = machine_run(m, "%s", command);
	if (got != status)
		fail_msg("%s: status %d, not %d:\n%s", command, got, status,
			 m->output);
	return m->output;
}

void machine_expect_output(const struct machine *m, const char *text)
{
	if (!strstr(m->output, text))
		fail_msg("no \"%s\" in:\n%s", text, m->output);
}

void machine_wait(struct machine *m, const char *command)
{
	int64_t deadline = process_now_ms() + TIMEOUT_MS;

	while (machine_run(m, "%s", command)) {
		if (process_now_ms() > deadline)
			fail_msg("%s: never:\n%s", command, m->output);
		process_sleep_ms(50);
	}
}

void machine_wait_gone(struct machine *m, int pid)
{
	char gone[64];

	snprintf(gone, sizeof(gone), "! kill -0 %d 2> /dev/null", pid);
	machine_wait(m, gone);
}

void machine_write(struct machine *m, const char *path, const char *text)
{
	machine_expect(m, 0, "cat > %s << 'END'\n%sEND\n", path, text);
}
