/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/peer.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/usage.h"
#include "tests/lib/process.h"

#define START_TIMEOUT_MS 20000
#define POLL_OPTION	 "--poll=200"
#define STATS_SECONDS	 1.2 /* until the file has what was just done */
#define MAX_COMMAND	 8192

static_assert(FAKE_BUS_DEVICES >= PEER_KINDS, "a path for each");

const char *peer_name(enum peer_kind kind)
{
	static const char *const names[PEER_KINDS] = {
		[PEER_FLOOR] = "floor",	    [PEER_DAEMON] = "daemon",
		[PEER_KEEPER] = "--keeper", [PEER_POLL] = POLL_OPTION,
		[PEER_TRACE] = "--trace",   [PEER_OTHER] = "other",
	};

	return names[kind];
}

/* Runs @argv with the shim. */
static int launch(struct peer *peer, const char *const *argv)
{
	char log[96];

	snprintf(log, sizeof(log), "%s/log", peer->dir);
	fake_bus_preload(peer->bus);
	peer->pid = process_start(argv, log);
	fake_bus_unload();
	return peer->pid < 0 ? peer->pid : 0;
}

static int start_floor(struct peer *peer, unsigned int guests,
		       const struct link_kind *kind)
{
	const struct floor_work work = {
		.device = peer->bus->devices[peer->kind],
		.len = kind->len,
		.polled = kind->polls,
	};
	const char *argv[FLOOR_ARGS];
	int err = floor_open(&peer->floor, guests);

	if (err)
		return err;
	floor_command(&peer->floor, &work, argv);
	return launch(peer, argv);
}

/* Replaces each @word of @command, which has MAX_COMMAND bytes. */
static void fill_in(char *command, const char *word, const char *value)
{
	char rest[MAX_COMMAND], *at = command;

	while ((at = strstr(at, word))) {
		size_t room = MAX_COMMAND - (size_t)(at - command);

		snprintf(rest, sizeof(rest), "%s", at + strlen(word));
		snprintf(at, room, "%s%s", value, rest);
		at += strlen(value);
	}
}

static int start_other(struct peer *peer, const char *count)
{
	char command[MAX_COMMAND];
	const char *const argv[] = { "sh", "-c", command, NULL };

	snprintf(command, sizeof(command), "exec %s", peer->command);
	fill_in(command, "SOCKET", peer->socket);
	fill_in(command, "COUNT", count);
	fill_in(command, "DEVICE", peer->bus->devices[peer->kind]);
	return launch(peer, argv);
}

static int start_daemon(struct peer *peer, const char *count)
{
	static const char *const options[PEER_KINDS] = {
		[PEER_KEEPER] = "--keeper",
		[PEER_POLL] = POLL_OPTION,
	};
	char socket[128], sockets[32], device[128], stats[128], trace[128];
	const bool traces = peer->kind == PEER_TRACE;
	const char *const argv[] = {
		daemon_binary(),
		socket,
		sockets,
		device,
		stats,
		traces ? trace : options[peer->kind],
		traces ? "--trace-size=16M" : NULL,
		NULL,
	};

	snprintf(socket, sizeof(socket), "--socket-path=%s", peer->socket);
	snprintf(sockets, sizeof(sockets), "--socket-count=%s", count);
	snprintf(stats, sizeof(stats), "--stats=%s/stats", peer->dir);
	snprintf(trace, sizeof(trace), "--trace=%s/trace.vcd", peer->dir);
	snprintf(device, sizeof(device), "--device=%s",
		 peer->bus->devices[peer->kind]);
	return launch(peer, argv);
}

static int wait_listening(const struct peer *peer, unsigned int guests)
{
	int64_t end = process_now_ms() + START_TIMEOUT_MS;
	char last[128];

	snprintf(last, sizeof(last), "%s%u", peer->socket, guests - 1);
	while (!daemon_listens(last)) {
		if (process_now_ms() > end)
			return -ETIMEDOUT;
		if (!process_is_running(peer->pid))
			return -ECHILD;
		process_sleep_ms(2);
	}
	return 0;
}

int peer_start(struct peer *peer, unsigned int guests,
	       const struct link_kind *kind)
{
	char count[12];
	int err = process_make_dir(peer->dir, sizeof(peer->dir));

	if (err)
		return err;
	snprintf(peer->socket, sizeof(peer->socket), "%s/sock", peer->dir);
	snprintf(count, sizeof(count), "%u", guests);
	peer->links = calloc(guests, sizeof(*peer->links));
	if (!peer->links)
		return -ENOMEM;
	if (peer->kind == PEER_FLOOR)
		return start_floor(peer, guests, kind);
	err = peer->kind == PEER_OTHER ? start_other(peer, count)
				       : start_daemon(peer, count);
	return err ? err : wait_listening(peer, guests);
}

int peer_connect(struct peer *peer, unsigned int guests,
		 const struct link_kind *kind)
{
	char path[128];
	int err = 0;

	while (!err && peer->link_count < guests) {
		struct link *link = &peer->links[peer->link_count];

		if (peer->kind == PEER_FLOOR) {
			link_open_floor(link, &peer->floor, peer->link_count,
					kind);
		} else {
			snprintf(path, sizeof(path), "%s%u", peer->socket,
				 peer->link_count);
			err = link_open_ring(link, path, kind);
		}
		peer->link_count += !err;
	}
	return err;
}

void peer_stop(struct peer *peer)
{
	for (unsigned int i = 0; i < peer->link_count; i++)
		peer->links[i].ops->close(&peer->links[i]);
	free(peer->links);
	if (peer->pid > 0) {
		kill(peer->pid, SIGTERM);
		if (process_wait(peer->pid, START_TIMEOUT_MS) == -ETIMEDOUT) {
			kill(peer->pid, SIGKILL);
			process_wait(peer->pid, START_TIMEOUT_MS);
		}
	}
	if (peer->kind == PEER_FLOOR)
		floor_close(&peer->floor);
	process_remove_dir(peer->dir);
}

static void add_children(struct peer *peer, pid_t pid)
{
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	file = fopen(path, "re");
	while (file && peer->pid_count < PEER_PROCESSES &&
	       fscanf(file, "%d", &child) == 1)
		peer->pids[peer->pid_count++] = child;
	if (file)
		fclose(file);
}

void peer_find_processes(struct peer *peer)
{
	peer->pids[0] = peer->pid;
	peer->pid_count = 1;
	for (unsigned int i = 0; i < peer->pid_count; i++)
		add_children(peer, peer->pids[i]);
}

static void bind_threads(pid_t pid, const cpu_set_t *set)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			sched_setaffinity(atoi(entry->d_name), sizeof(*set),
					  set);
	}
	if (dir)
		closedir(dir);
}

void peer_bind(const struct peer *peer, enum peer_cpus cpus)
{
	int last = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	cpu_set_t driver, server;

	CPU_ZERO(&driver);
	CPU_ZERO(&server);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (cpus == CPUS_FREE || i == last)
			CPU_SET(i, &driver);
		if (cpus == CPUS_FREE || i == (cpus == CPUS_ONE ? last : 0))
			CPU_SET(i, &server);
	}
	sched_setaffinity(0, sizeof(driver), &driver);
	for (unsigned int i = 0; i < peer->pid_count; i++)
		bind_threads(peer->pids[i], &server);
}

double peer_bus_idle(const struct peer *peer)
{
	static const char name[] = "vhost_device_spi_bus_idle_seconds_total{";
	char path[96], line[512];
	double seconds = -1;
	FILE *file;

	bench_sleep(STATS_SECONDS);
	snprintf(path, sizeof(path), "%s/stats", peer->dir);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && strrchr(line, ' '))
			seconds = atof(strrchr(line, ' '));
	if (file)
		fclose(file);
	return seconds;
}

uint64_t peer_cpu_ns(const struct peer *peer)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < peer->pid_count; i++)
		sum += usage_cpu_ns(peer->pids[i]);
	return sum;
}
