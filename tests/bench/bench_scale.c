/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What guests cost the host: 1 to 256 of them on one daemon, first without
 * front ends, then with, and what a request takes of the processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench.h"
#include "tests/bench/usage.h"
#include "tests/lib/daemon/rig.h"

#define MAX_GUESTS  256
#define REQUEST_LEN 64
#define MEM_SIZE    (1u << 20)

static const unsigned int counts[] = { 1, 16, 64, MAX_GUESTS };

#define COUNTS (sizeof(counts) / sizeof(counts[0]))

struct world {
	struct daemon daemon;
	unsigned int guests;
	double start_ms, start_cpu_ms;
	struct spi_front *fronts; /* ->guests of them */
};

static void start(struct world *w, unsigned int guests)
{
	char socket[DAEMON_PATH_MAX + 32], count[32];
	const char *const args[] = { socket, count, "--device=sim:loopback",
				     NULL };

	*w = (struct world){ .guests = guests };
	daemon_init(&w->daemon);
	snprintf(socket, sizeof(socket), "--socket-path=%s", w->daemon.socket);
	snprintf(count, sizeof(count), "--socket-count=%u", guests);
	daemon_spawn(&w->daemon, args);
	w->start_ms = bench_wait_sockets(&w->daemon, guests);
	bench_sleep(0.2); /* the last threads */
	w->start_cpu_ms = (double)usage_of(w->daemon.pid).cpu_ns / 1e6;
	w->fronts = calloc(guests, sizeof(*w->fronts));
	if (!w->fronts)
		bench_die("out of memory");
}

static void connect_all(struct world *w)
{
	for (unsigned int i = 0; i < w->guests; i++) {
		const char *path = daemon_socket(&w->daemon, i);
		struct spi_front_options options = spi_front_defaults(path);
		int err;

		options.mem_size = MEM_SIZE;
		err = spi_front_open(&w->fronts[i], &options);
		if (err)
			bench_die("guest %u: error %d: %s", i, err,
				  daemon_stderr(&w->daemon));
	}
}

static void disconnect_all(struct world *w)
{
	for (unsigned int i = 0; i < w->guests; i++)
		spi_front_close(&w->fronts[i]);
	bench_sleep(0.3);
}

/* A request for each guest, all at once. */
static void run_requests(struct world *w)
{
	static const uint8_t tx[REQUEST_LEN];
	struct spi_front_request request = { rig_head(0), tx, REQUEST_LEN, NULL,
					     REQUEST_LEN };
	struct spi_front_result result;
	uint16_t ids[MAX_GUESTS];

	for (unsigned int i = 0; i < w->guests; i++)
		if (spi_front_submit(&w->fronts[i], &request, NULL, &ids[i]))
			bench_die("guest %u: no room", i);
	for (unsigned int i = 0; i < w->guests; i++)
		if (spi_front_wait(&w->fronts[i], ids[i], &result) ||
		    result.status != VIRTIO_SPI_TRANS_OK)
			bench_die("guest %u: request failed", i);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Returns microseconds of the processor for each request. */
static double cost_of_requests(struct world *w, double seconds)
{
	uint64_t before = usage_of(w->daemon.pid).cpu_ns;
	double end = now() + seconds;
	unsigned long requests = 0;

	do {
		run_requests(w);
		requests += w->guests;
	} while (now() < end);
	return (double)(usage_of(w->daemon.pid).cpu_ns - before) / 1e3 /
	       (double)requests;
}

/* What it does while there is nothing to do. */
static void print_idle(const struct world *w, double seconds)
{
	struct usage before = usage_of(w->daemon.pid), after;

	bench_sleep(seconds);
	after = usage_of(w->daemon.pid);
	printf(" %8.1f %8.1f",
	       (double)(after.wakeups - before.wakeups) / seconds,
	       (double)(after.cpu_ns - before.cpu_ns) / 1e3 / seconds);
}

/* Own memory is also told for each guest, over the @base of a daemon. */
static void print_memory(const struct world *w, double base_kb)
{
	struct usage usage = usage_of(w->daemon.pid);

	printf(" %7u %5u %7lu %7lu %7lu %8.1f", usage.threads, usage.fds,
	       usage.rss_kb, usage.pss_kb, usage.own_kb,
	       ((double)usage.own_kb - base_kb) / w->guests);
}

static void print_titles(void)
{
	printf("Memory in kB; \"each\" is own memory for each guest, over a "
	       "daemon with 1 guest without front end.\n"
	       "Wake-ups and microseconds of processor time while idle are "
	       "for each second.\n\n"
	       "%-6s %-10s %7s %5s %7s %7s %7s %8s %8s %8s\n",
	       "guests", "state", "threads", "fds", "rss", "pss", "own", "each",
	       "wake-ups", "idle us");
}

static double measure(unsigned int guests, double base_kb, double seconds)
{
	struct world w;
	double cost;

	start(&w, guests);
	if (base_kb < 0)
		base_kb = (double)usage_of(w.daemon.pid).own_kb;
	printf("%-6u %-10s", guests, "waiting");
	print_memory(&w, base_kb);
	print_idle(&w, seconds);
	connect_all(&w);
	run_requests(&w);
	printf("\n%-6u %-10s", guests, "connected");
	print_memory(&w, base_kb);
	print_idle(&w, seconds);
	cost = cost_of_requests(&w, seconds);
	disconnect_all(&w);
	printf("\n%-6u %-10s", guests, "left");
	print_memory(&w, base_kb);
	printf("\n%-6u started in %.1f ms (%.1f ms of processor time), %.1f us "
	       "of it for a request\n",
	       guests, w.start_ms, w.start_cpu_ms, cost);
	fflush(stdout);
	free(w.fronts);
	bench_stop(&w.daemon);
	return base_kb;
}

int main(void)
{
	double seconds = bench_seconds(2), base_kb = -1;

	bench_raise_limits();
	print_titles();
	for (unsigned int i = 0; i < COUNTS; i++)
		base_kb = measure(counts[i], base_kb, seconds);
	return 0;
}
