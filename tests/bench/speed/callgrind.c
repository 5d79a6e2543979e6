/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/speed/callgrind.h"

#include <endian.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/speed/peer.h"
#include "tests/lib/process.h"
#include "vhost/front/front_setup.h"

#define FEW	  200 /* batches of the shorter run */
#define MANY	  600
#define MAX_LEN	  4096
#define MAX_DEPTH 32
#define REST_MS	  2

/* What is counted: all threads but the main one, by where the code is. */
struct sums {
	uint64_t daemon, libraries;
};

/*
 * One file of callgrind's, not compressed. "ob=" names the object of the lines
 * behind it, each of which is a place and a cost. The cost behind a "calls="
 * line is that of the function called.
 */
static void sum_file(FILE *file, const char *binary, struct sums *sums)
{
	bool ours = false, called = false;
	char line[PATH_MAX + 64];
	uint64_t cost;

	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "ob=", 3)) {
			line[strcspn(line, "\n")] = '\0';
			ours = !strcmp(line + 3, binary);
		} else if (!strncmp(line, "calls=", 6)) {
			called = true;
		} else if (sscanf(line, "%*d %" SCNu64, &cost) == 1) {
			if (!called && ours)
				sums->daemon += cost;
			else if (!called)
				sums->libraries += cost;
			called = false;
		}
	}
}

/* The files of callgrind are out-01, the main thread, out-02, ... */
static struct sums sum_threads(const char *dir, const char *binary)
{
	struct sums sums = { .daemon = 0 };
	char path[PATH_MAX];

	for (unsigned int thread = 2; thread < 9; thread++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/out-%02u", dir, thread);
		file = fopen(path, "re");
		if (!file)
			continue;
		sum_file(file, binary, &sums);
		fclose(file);
	}
	return sums;
}

static struct spi_front_options front_options(const char *path,
					      uint64_t features)
{
	struct spi_front_options options = spi_front_defaults(path);

	options.ring_size = 4 * MAX_DEPTH;
	options.features = FRONT_BIT(VIRTIO_F_EVENT_IDX) | features;
	if (features & FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM))
		options.protocol |=
			FRONT_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ);
	return options;
}

/*
 * Runs ->depth requests. The driver looks at none until all are done, so that
 * how fast it is does not count.
 */
static void run_batch(struct spi_front *front,
		      const struct callgrind_load *load)
{
	static const uint8_t tx[MAX_LEN];
	const struct spi_front_request request = {
		.head = { .bits_per_word = 8,
			  .cs_change = 1,
			  .tx_nbits = 1,
			  .rx_nbits = 1,
			  .freq = htole32(FAKE_BUS_MAX_HZ) },
		.tx = tx,
		.tx_len = load->len,
		.rx_len = load->len,
	};
	const struct spi_front_framing framing = { .indirect = load->indirect };
	struct spi_front_result result;
	uint16_t ids[MAX_DEPTH];

	for (unsigned int i = 0; i < load->depth; i++)
		if (spi_front_add(front, &request, &framing, &ids[i]))
			bench_die("no room for a request");
	spi_front_flush(front);
	process_sleep_ms(REST_MS);
	for (unsigned int i = 0; i < load->depth; i++)
		if (spi_front_wait(front, ids[i], &result) ||
		    result.status != VIRTIO_SPI_TRANS_OK)
			bench_die("a request failed under callgrind");
}

static void run_requests(const struct peer *peer,
			 const struct callgrind_load *load, unsigned int count)
{
	struct spi_front_options options;
	struct spi_front front;
	char path[128];

	snprintf(path, sizeof(path), "%s0", peer->socket);
	options = front_options(path, load->features);
	if (spi_front_open(&front, &options))
		bench_die("no session under callgrind, see %s/log", peer->dir);
	for (unsigned int i = 0; i < count; i++) {
		process_sleep_ms(REST_MS);
		run_batch(&front, load);
	}
	spi_front_close(&front);
}

static struct sums run(const struct fake_bus *bus,
		       const struct callgrind_load *load, unsigned int count)
{
	struct link_kind kind = { .depth = 1, .len = load->len };
	char binary[PATH_MAX], out[64], *command;
	struct peer peer = { .kind = PEER_OTHER, .bus = bus };
	struct sums sums;

	if (!realpath(daemon_binary(), binary) ||
	    process_make_dir(out, sizeof(out)))
		bench_die("%s: is not there", daemon_binary());
	if (asprintf(&command,
		     "env LD_PRELOAD=\"$LD_PRELOAD:%s/clock-shim.so\" "
		     "valgrind -q --tool=callgrind --separate-threads=yes "
		     "--compress-strings=no --compress-pos=no "
		     "--callgrind-out-file=%s/out %s --socket-path=SOCKET "
		     "--socket-count=COUNT --device=DEVICE %s",
		     fake_bus_shims(), out, binary, load->options) < 0)
		bench_die("out of memory");
	peer.command = command;
	if (peer_start(&peer, 1, &kind))
		bench_die("no daemon under callgrind, see %s/log", peer.dir);
	run_requests(&peer, load, count);
	peer_stop(&peer);
	sums = sum_threads(out, binary);
	process_remove_dir(out);
	free(command);
	return sums;
}

struct callgrind_count callgrind_count(const struct fake_bus *bus,
				       const struct callgrind_load *load)
{
	struct sums few = run(bus, load, FEW), many = run(bus, load, MANY);
	const double requests = (MANY - FEW) * (double)load->depth;

	return (struct callgrind_count){
		.daemon = (double)(many.daemon - few.daemon) / requests,
		.libraries =
			(double)(many.libraries - few.libraries) / requests,
	};
}
