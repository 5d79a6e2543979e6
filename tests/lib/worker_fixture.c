/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void open_worker(struct worker_fixture *f, unsigned int i)
{
	static char name[] = "test";
	char error[256];

	snprintf(f->paths[i], sizeof(f->paths[i]), "%s/sock%u", f->dir, i);
	f->specs[i] = (struct guest_spec){
		.name = name,
		.socket = f->paths[i],
		.devices = f->devices,
		.weight = 1 + i,
	};
	assert_int_equal(controller_open(&f->controllers[i], &f->pool,
					 f->devices, error, sizeof(error)),
			 0);
	assert_int_equal(guest_worker_init(&f->workers[i], &f->specs[i],
					   &f->controllers[i], -1),
			 0);
	assert_int_equal(guest_worker_start(&f->workers[i]), 0);
}

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
	f->devices = device_list_new("test");
	for (int i = 0; i < 2; i++)
		assert_int_equal(device_list_add(f->devices, texts[i], error,
						 sizeof(error)),
				 0);
	pool_init(&f->pool);
	for (unsigned int i = 0; i < WORKER_COUNT; i++)
		open_worker(f, i);
	*state = f;
	return 0;
}

int worker_teardown(void **state)
{
	struct worker_fixture *f = *state;

	for (unsigned int i = 0; i < WORKER_COUNT; i++)
		guest_worker_quit(&f->workers[i]);
	for (unsigned int i = 0; i < WORKER_COUNT; i++) {
		guest_worker_join(&f->workers[i]);
		guest_worker_fini(&f->workers[i]);
		assert_int_not_equal(access(f->paths[i], F_OK), 0);
	}
	for (struct pool_bus *bus = f->pool.buses; bus; bus = bus->next) {
		assert_null(bus->bus.owner);
		assert_null(bus->bus.first);
	}
	for (unsigned int i = 0; i < WORKER_COUNT; i++)
		controller_close(&f->controllers[i]);
	pool_fini(&f->pool);
	device_list_put(f->devices);
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
