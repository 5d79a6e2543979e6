/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

int worker_setup(void **state)
{
	static const char *const texts[] = { "sim:loopback,cs-hold=5000",
					     "sim:loopback,cs=spec" };
	struct worker_fixture *f = calloc(1, sizeof(*f));
	char error[256];

	assert_non_null(f);
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(f->dir, sizeof(f->dir), "/tmp/test-worker-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (int i = 0; i < 2; i++)
		assert_int_equal(device_spec_parse(texts[i], &f->specs[i],
						   error, sizeof(error)),
				 0);
	assert_int_equal(pool_open(&f->pool, f->specs, 2, error, sizeof(error)),
			 0);
	f->quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (unsigned int i = 0; i < WORKER_COUNT; i++) {
		snprintf(f->paths[i], sizeof(f->paths[i]), "%s/sock%u", f->dir,
			 i);
		assert_int_equal(
			guest_worker_init(
				&f->workers[i], i, f->paths[i], &f->pool,
				&(struct vhost_feature_set){ 0 }, f->quit),
			0);
		assert_int_equal(guest_worker_start(&f->workers[i]), 0);
	}
	*state = f;
	return 0;
}

int worker_teardown(void **state)
{
	struct worker_fixture *f = *state;

	eventfd_write(f->quit, 1);
	for (unsigned int i = 0; i < WORKER_COUNT; i++) {
		guest_worker_join(&f->workers[i]);
		guest_worker_fini(&f->workers[i]);
		assert_int_not_equal(access(f->paths[i], F_OK), 0);
	}
	for (unsigned int i = 0; i < f->pool.bus_count; i++) {
		assert_null(f->pool.buses[i].bus.owner);
		assert_null(f->pool.buses[i].bus.first);
	}
	pool_close(&f->pool);
	for (int i = 0; i < 2; i++)
		device_spec_free(&f->specs[i]);
	close(f->quit);
	rmdir(f->dir);
	free(f);
	return 0;
}

static struct spi_front_options options(const struct worker_fixture *f,
					unsigned int worker)
{
	struct spi_front_options o = spi_front_defaults(f->paths[worker]);

	o.timeout_ms = WORKER_TIMEOUT_MS;
	o.mem_size = 1 << 20;
	return o;
}

void worker_open_front(struct worker_fixture *f, unsigned int worker,
		       struct spi_front *front)
{
	struct spi_front_options o = options(f, worker);

	assert_int_equal(spi_front_open(front, &o), 0);
}

struct virtio_spi_wire_head worker_head(uint8_t chip, uint8_t cs_change)
{
	return (struct virtio_spi_wire_head){
		.chip_select_id = chip,
		.bits_per_word = 8,
		.cs_change = cs_change,
	};
}

/* A loopback transfer on chip 0. */
void worker_check(struct spi_front *front)
{
	uint8_t tx[100], rx[100] = { 0 };
	struct spi_front_request request = { .head = worker_head(0, 1),
					     .tx = tx,
					     .tx_len = sizeof(tx),
					     .rx = rx,
					     .rx_len = sizeof(rx) };
	struct spi_front_result result;

	for (size_t i = 0; i < sizeof(tx); i++)
		tx[i] = (uint8_t)(i + 1);
	assert_int_equal(spi_front_transfer(front, &request, NULL, &result), 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(result.used_len, sizeof(rx) + 1);
	assert_memory_equal(tx, rx, sizeof(tx));
}
