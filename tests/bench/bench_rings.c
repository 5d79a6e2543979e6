/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * What each layout of the ring costs: guests with one each take turns, many
 * times, so that what the machine does besides meets them all.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench.h"
#include "tests/bench/usage.h"
#include "tests/lib/daemon/rig.h"
#include "vhost/front/front_setup.h"

#define TURN	    0.05 /* seconds that a guest has in each round */
#define MIN_ROUNDS  3
#define MAX_ROUNDS  501
#define REQUEST_LEN 64
#define MAX_DEPTH   128

#define INDIRECT    FRONT_BIT(VIRTIO_F_INDIRECT_DESC)
#define PACKED	    FRONT_BIT(VIRTIO_F_RING_PACKED)
#define EVENT_IDX   FRONT_BIT(VIRTIO_F_EVENT_IDX)

static const struct kind {
	const char *name;
	uint64_t features;
} kinds[] = {
	/* The first is what the others are compared with. */
	{ "split, indirect (the default)", INDIRECT | EVENT_IDX },
	{ "split, direct", EVENT_IDX },
	{ "packed, direct (--with=ring-packed)", PACKED | EVENT_IDX },
	{ "packed, indirect", PACKED | INDIRECT | EVENT_IDX },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const unsigned int depths[] = { 1, 32, MAX_DEPTH };

#define DEPTHS (sizeof(depths) / sizeof(depths[0]))

struct guest {
	struct spi_front front;
	bool indirect;
	/* Of a request, in each round: time, and the daemon's processor time */
	double us[MAX_ROUNDS], cpu_us[MAX_ROUNDS];
};

struct world {
	struct daemon daemon;
	struct guest guests[KINDS];
	unsigned int rounds;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void open_guest(struct world *w, unsigned int i)
{
	struct spi_front_options options =
		spi_front_defaults(daemon_socket(&w->daemon, i));
	struct guest *guest = &w->guests[i];
	int err;

	options.ring_size = 4 * MAX_DEPTH; /* head, tx, rx, status */
	options.features = kinds[i].features;
	err = spi_front_open(&guest->front, &options);
	if (err || guest->front.ring.packed != !!(options.features & PACKED))
		bench_die("%s: error %d: %s", kinds[i].name, err,
			  daemon_stderr(&w->daemon));
	guest->indirect = options.features & INDIRECT;
}

static void start(struct world *w)
{
	static const char *const args[] = { "--device=sim:loopback",
					    RIG_WITH_PACKED, NULL };

	daemon_init(&w->daemon);
	daemon_start(&w->daemon, KINDS, args);
	for (unsigned int i = 0; i < KINDS; i++)
		open_guest(w, i);
}

static void submit(struct guest *guest, uint16_t *id)
{
	static const uint8_t tx[REQUEST_LEN];
	const struct spi_front_request request = { rig_head(0), tx, REQUEST_LEN,
						   NULL, REQUEST_LEN };
	const struct spi_front_framing framing = { .indirect =
							   guest->indirect };

	if (spi_front_submit(&guest->front, &request, &framing, id))
		bench_die("no room for a request");
}

static void wait(struct guest *guest, uint16_t id)
{
	struct spi_front_result result;

	if (spi_front_wait(&guest->front, id, &result) ||
	    result.status != VIRTIO_SPI_TRANS_OK)
		bench_die("a request failed");
}

/* Keeps @depth requests in flight until @end. Returns how many were done. */
static unsigned long run(struct guest *guest, unsigned int depth, double end)
{
	uint16_t ids[MAX_DEPTH];
	unsigned long done = 0;

	for (unsigned int i = 0; i < depth; i++)
		submit(guest, &ids[i]);
	do {
		uint16_t *id = &ids[done % depth];

		wait(guest, *id);
		submit(guest, id);
		done++;
	} while (now() < end);
	for (unsigned int i = 0; i < depth; i++)
		wait(guest, ids[(done + i) % depth]);
	return done + depth;
}

static void measure(struct world *w, struct guest *guest, unsigned int depth,
		    unsigned int round)
{
	uint64_t cpu = usage_of(w->daemon.pid).cpu_ns;
	double begin = now();
	double done = (double)run(guest, depth, begin + TURN);

	guest->us[round] = (now() - begin) * 1e6 / done;
	guest->cpu_us[round] =
		(double)(usage_of(w->daemon.pid).cpu_ns - cpu) / 1e3 / done;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The value that @part (0..1) of the @count are below; sorts them. */
static double quantile(double *values, unsigned int count, double part)
{
	qsort(values, count, sizeof(*values), compare);
	return values[(unsigned int)((count - 1) * part)];
}

static void print(struct world *w, unsigned int depth)
{
	static double ratios[KINDS][MAX_ROUNDS];
	const unsigned int n = w->rounds;

	for (unsigned int i = 0; i < KINDS; i++)
		for (unsigned int round = 0; round < n; round++)
			ratios[i][round] =
				w->guests[i].us[round] / w->guests[0].us[round];
	for (unsigned int i = 0; i < KINDS; i++)
		printf("%5u  %-36s %5.2f  %4.2f..%4.2f %8.1f %8.1f\n", depth,
		       kinds[i].name, quantile(ratios[i], n, 0.5),
		       quantile(ratios[i], n, 0.25),
		       quantile(ratios[i], n, 0.75),
		       quantile(w->guests[i].us, n, 0.5),
		       quantile(w->guests[i].cpu_us, n, 0.5));
	fflush(stdout);
}

static void print_titles(const struct world *w)
{
	printf("Requests of %d bytes on sim:loopback; medians of %u rounds in "
	       "which all layouts take turns.\n"
	       "\"ratio\" is the time of a request over that of the first "
	       "layout in the same round, with its quartiles;\n"
	       "\"us\" is that time, \"cpu us\" what the daemon takes of a "
	       "processor for it.\n\n"
	       "%5s  %-36s %5s  %10s %8s %8s\n",
	       REQUEST_LEN, w->rounds, "depth", "ring", "ratio", "quartiles",
	       "us", "cpu us");
}

int main(void)
{
	static struct world w;
	double rounds = bench_seconds(2) / TURN;

	w.rounds = rounds < MIN_ROUNDS	 ? MIN_ROUNDS
		   : rounds > MAX_ROUNDS ? MAX_ROUNDS
					 : (unsigned int)rounds;
	print_titles(&w);
	start(&w);
	for (unsigned int d = 0; d < DEPTHS; d++) {
		for (unsigned int round = 0; round < w.rounds; round++)
			for (unsigned int i = 0; i < KINDS; i++)
				measure(&w, &w.guests[i], depths[d], round);
		print(&w, depths[d]);
	}
	for (unsigned int i = 0; i < KINDS; i++)
		spi_front_close(&w.guests[i].front);
	bench_stop(&w.daemon);
	return 0;
}
