// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/guest/backend.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/process.h"

#define MAX_SOCKETS 8
#define MAX_DEVICES 8

/* Generous: sanitizers and valgrind are slow to start and to end. */
#define START_MS 30000
#define STOP_MS	 30000

struct backend {
	pid_t pid;
	unsigned int socket_count;
	char log[96];
	char sockets[MAX_SOCKETS][96];
};

const char *backend_program(void)
{
	const char *program = getenv("VHOST_DEVICE_SPI");

	return program ? program : "build/vhost-device-spi";
}

static int start_process(struct backend *b, const char *dir,
			 const char *const *devices, const char *without)
{
	char device_options[MAX_DEVICES][256];
	char path_option[128];
	char count_option[64];
	char without_option[64];
	const char *argv[MAX_DEVICES + 5] = { backend_program() };
	int argc = 1;

	snprintf(path_option, sizeof(path_option), "--socket-path=%s/vspi.sock",
		 dir);
	snprintf(count_option, sizeof(count_option), "--socket-count=%u",
		 b->socket_count);
	argv[argc++] = path_option;
	argv[argc++] = count_option;
	if (without) {
		snprintf(without_option, sizeof(without_option), "--without=%s",
			 without);
		argv[argc++] = without_option;
	}
	for (int i = 0; i < MAX_DEVICES && devices[i]; i++) {
		snprintf(device_options[i], sizeof(device_options[i]),
			 "--device=%s", devices[i]);
		argv[argc++] = device_options[i];
	}
	b->pid = process_start(argv, b->log);
	return b->pid < 0 ? (int)b->pid : 0;
}

/* How many of the sockets exist. */
static unsigned int count_sockets(const struct backend *b)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < b->socket_count; i++)
		found += access(b->sockets[i], F_OK) == 0;
	return found;
}

static int wait_for_sockets(struct backend *b)
{
	int64_t deadline = process_now_ms() + START_MS;

	while (count_sockets(b) < b->socket_count) {
		if (!process_is_running(b->pid))
			return -ECHILD;
		if (process_now_ms() > deadline)
			return -ETIMEDOUT;
		process_sleep_ms(10);
	}
	/* A socket has a name just before it can be connected to. */
	process_sleep_ms(100);
	return 0;
}

struct backend *backend_start(const char *dir, unsigned int socket_count,
			      const char *const *devices, const char *without)
{
	struct backend *b = calloc(1, sizeof(*b));
	int err;

	if (!b || socket_count > MAX_SOCKETS)
		abort();
	b->socket_count = socket_count;
	snprintf(b->log, sizeof(b->log), "%s/daemon.log", dir);
	for (unsigned int i = 0; i < socket_count; i++)
		snprintf(b->sockets[i], sizeof(b->sockets[i]), "%s/vspi.sock%u",
			 dir, i);

	err = start_process(b, dir, devices, without);
	if (err) {
		free(b);
		return NULL;
	}
	err = wait_for_sockets(b);
	if (!err)
		return b;
	fprintf(stderr, "%s does not listen\n", backend_program());
	backend_show_log(b);
	backend_stop(b);
	return NULL;
}

const char *backend_socket(const struct backend *b, unsigned int index)
{
	return b->sockets[index];
}

bool backend_is_running(struct backend *b)
{
	return process_is_running(b->pid);
}

void backend_show_log(const struct backend *b)
{
	process_show_log("log of the daemon", b->log);
}

int backend_stop(struct backend *b)
{
	int status;

	if (!b)
		return 0;
	kill(b->pid, SIGTERM);
	status = process_wait(b->pid, STOP_MS);
	if (status == -ETIMEDOUT) {
		kill(b->pid, SIGKILL);
		process_wait(b->pid, STOP_MS);
	}
	if (status == 0 && count_sockets(b))
		status = -EEXIST;
	if (status)
		backend_show_log(b);
	free(b);
	return status;
}
