/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Guests that read one flash, each message in three requests: what share of
 * the time the clock of the bus runs. With cs=nor the parts are kept, and go
 * out with the data; with cs=spec the chip is held between them. The chip is
 * simulated, at the pace of its clock.
 */
#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "spi-daemon/xfer/spi_front.h"
#include "tests/bench/bench.h"
#include "tests/lib/daemon/rig.h"

#define MAX_GUESTS 16
#define HZ	   10000000
#define HEADER	   4
#define DATA	   256
/* What is held is held until its guest goes on. */
#define DEVICE "--device=sim:nor,size=1M,timing=real,cs-hold=10000,"

struct reader {
	struct spi_front front;
	bool spec; /* the last part says so, with cs_change */
	atomic_ulong done;
	atomic_bool stop;
	pthread_t thread;
};

static struct reader readers[MAX_GUESTS];

static void run_part(struct reader *r, const uint8_t *tx, uint32_t tx_len,
		     uint32_t rx_len)
{
	struct spi_front_request part = {
		.head = rig_head(0),
		.tx = tx,
		.tx_len = tx_len,
		.rx_len = rx_len,
	};
	struct spi_front_result result = { 0 };
	uint16_t id;
	int err;

	part.head.freq = htole32(HZ);
	part.head.cs_change = r->spec && rx_len;
	err = spi_front_submit(&r->front, &part, NULL, &id);
	if (!err)
		err = spi_front_wait(&r->front, id, &result);
	if (err || result.status != VIRTIO_SPI_TRANS_OK)
		bench_die("a request failed: error %d, status %u", err,
			  err ? 0 : result.status);
}

static void *run(void *arg)
{
	static const uint8_t header[HEADER] = { 0x03, 0, 0x10, 0 };
	struct reader *r = arg;

	while (!atomic_load(&r->stop)) {
		run_part(r, header, 1, 0);
		run_part(r, header + 1, HEADER - 1, 0);
		run_part(r, NULL, 0, DATA);
		atomic_fetch_add(&r->done, 1);
	}
	return NULL;
}

static void start(struct reader *r, const char *socket, bool spec)
{
	struct spi_front_options options = spi_front_defaults(socket);
	int err;

	options.mem_size = 8 << 20;
	options.timeout_ms = 60000;
	*r = (struct reader){ .spec = spec };
	err = spi_front_open(&r->front, &options);
	if (!err)
		err = pthread_create(&r->thread, NULL, run, r);
	if (err)
		bench_die("%s: error %d", socket, err);
}

static void stop(struct reader *r)
{
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
	spi_front_close(&r->front);
}

static unsigned long count_done(unsigned int guests)
{
	unsigned long done = 0;

	for (unsigned int i = 0; i < guests; i++)
		done += atomic_load(&readers[i].done);
	return done;
}

/* Returns how many messages of all guests were done in a second. */
static double measure(unsigned int guests, bool spec, double seconds)
{
	static char count[32], path[DAEMON_PATH_MAX + 32];
	const char *args[] = {
		path,
		count,
		spec ? DEVICE "cs=spec" : DEVICE "cs=nor",
		NULL,
	};
	struct daemon daemon;
	double done;

	daemon_init(&daemon);
	snprintf(path, sizeof(path), "--socket-path=%s",
		 daemon_file(&daemon, "sock"));
	snprintf(count, sizeof(count), "--socket-count=%u", guests);
	daemon_spawn(&daemon, args);
	bench_wait_sockets(&daemon, guests);
	for (unsigned int i = 0; i < guests; i++)
		start(&readers[i], daemon_socket(&daemon, i), spec);
	bench_sleep(0.2);
	done = -(double)count_done(guests);
	bench_sleep(seconds);
	done += (double)count_done(guests);
	for (unsigned int i = 0; i < guests; i++)
		stop(&readers[i]);
	bench_stop(&daemon);
	return done / seconds;
}

int main(void)
{
	static const unsigned int guests[] = { 1, 2, 4, MAX_GUESTS };
	const double clock_s = (HEADER + DATA) * 8.0 / HZ;
	double seconds = bench_seconds(3);

	printf("Reads of %d bytes at %d MHz, %.0f us by the clock.\n"
	       "%% of the time that the clock runs: parts kept (cs=nor), chip "
	       "held (cs=spec);\nmessages done, kept to held.\n\n"
	       "%-6s %8s %8s %8s\n",
	       DATA, HZ / 1000000, clock_s * 1e6, "guests", "kept", "held",
	       "ratio");
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		double kept = measure(guests[i], false, seconds);
		double held = measure(guests[i], true, seconds);

		printf("%-6u %8.1f %8.1f %8.2f\n", guests[i],
		       kept * clock_s * 100, held * clock_s * 100, kept / held);
		fflush(stdout);
	}
	return 0;
}
