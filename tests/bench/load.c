/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/bench/load.h"

#include <endian.h>

#include "tests/bench/bench.h"
#include "tests/lib/daemon/rig.h"

#define MAX_DEPTH 64
#define MAX_LEN	  (1u << 16)

static struct spi_front_request request_of(const struct load_kind *kind)
{
	static const uint8_t zeros[MAX_LEN];
	struct spi_front_request request = {
		.head = rig_head(0),
		.tx = zeros,
		.tx_len = kind->len,
	};

	request.head.freq = htole32(kind->hz);
	return request;
}

static void submit(struct load *load, const struct spi_front_request *request,
		   uint16_t *id)
{
	int err = spi_front_submit(&load->front, request, NULL, id);

	if (err)
		bench_die("%s: no room for a request: %d",
			  load->front.options.path, err);
}

static void wait(struct load *load, uint16_t id)
{
	struct spi_front_result result;
	int err = spi_front_wait(&load->front, id, &result);

	if (err || result.status != VIRTIO_SPI_TRANS_OK)
		bench_die("a request failed: error %d, status %u", err,
			  err ? 0 : result.status);
}

static void *run(void *arg)
{
	struct load *load = arg;
	struct spi_front_request request = request_of(&load->kind);
	uint16_t ids[MAX_DEPTH];

	for (unsigned int i = 0; i < load->kind.depth; i++)
		submit(load, &request, &ids[i]);
	for (unsigned int i = 0; !atomic_load(&load->stop);
	     i = (i + 1) % load->kind.depth) {
		wait(load, ids[i]);
		atomic_fetch_add(&load->done, 1);
		submit(load, &request, &ids[i]);
	}
	return NULL;
}

void load_start(struct load *load, const char *socket, struct load_kind kind)
{
	struct spi_front_options options = spi_front_defaults(socket);
	int err;

	options.mem_size = kind.depth * ((uint64_t)kind.len + 4096) + (1 << 20);
	options.mem_size &= ~UINT64_C(4095);
	options.ring_size = 4 * MAX_DEPTH;
	options.timeout_ms = 60000;
	load->kind = kind;
	atomic_store(&load->done, 0);
	atomic_store(&load->stop, false);
	err = spi_front_open(&load->front, &options);
	if (err)
		bench_die("%s: error %d", socket, err);
	err = pthread_create(&load->thread, NULL, run, load);
	if (err)
		bench_die("no thread: error %d", err);
}

uint64_t load_bus_time(struct load *load)
{
	return atomic_load(&load->done) * load->kind.len * 8 * 1000000000u /
	       load->kind.hz;
}

void load_stop(struct load *load)
{
	atomic_store(&load->stop, true);
	pthread_join(load->thread, NULL);
	spi_front_close(&load->front);
}

double load_jain(const double *shares, unsigned int count)
{
	double sum = 0, squares = 0;

	for (unsigned int i = 0; i < count; i++) {
		sum += shares[i];
		squares += shares[i] * shares[i];
	}
	return squares > 0 ? sum * sum / (count * squares) : 0;
}
