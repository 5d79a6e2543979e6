/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A worker's thread, on simulated chips, through real front ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spi-daemon/guest_worker.h"
#include "spi-daemon/xfer/spi_front.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

#define TIMEOUT_MS 20000
#define WORKERS	   2

/* Two guests with two chips; the second is slow by its word delay. */
struct fixture {
	char dir[32];
	char paths[WORKERS][64];
	struct device_spec specs[2];
	struct pool pool;
	struct guest_worker workers[WORKERS];
	int quit;
};

static int setup(void **state)
{
	static const char *const texts[] = { "sim:loopback,cs-hold=5000",
					     "sim:loopback,cs=spec" };
	struct fixture *f = calloc(1, sizeof(*f));
	char error[256];

	assert_non_null(f);
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(f->dir, sizeof(f->dir), "/tmp/test-worker-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (int i = 0; i < 2; i++)
		assert_int_equal(device_spec_parse(texts[i], &f->specs[i],
						   error, sizeof(error)),
				 0);
	assert_int_equal(
		pool_open(&f->pool, f->specs, 2, error, sizeof(error)), 0);
	f->quit = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (unsigned int i = 0; i < WORKERS; i++) {
		snprintf(f->paths[i], sizeof(f->paths[i]), "%s/sock%u", f->dir,
			 i);
		assert_int_equal(guest_worker_init(&f->workers[i], i,
						   f->paths[i], &f->pool,
						   f->quit),
				 0);
		assert_int_equal(guest_worker_start(&f->workers[i]), 0);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	eventfd_write(f->quit, 1);
	for (unsigned int i = 0; i < WORKERS; i++) {
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

static struct spi_front_options options(const struct fixture *f,
					unsigned int worker)
{
	struct spi_front_options o = spi_front_defaults(f->paths[worker]);

	o.timeout_ms = TIMEOUT_MS;
	o.mem_size = 1 << 20;
	return o;
}

static void open_front(struct fixture *f, unsigned int worker,
		       struct spi_front *front)
{
	struct spi_front_options o = options(f, worker);

	assert_int_equal(spi_front_open(front, &o), 0);
}

static struct virtio_spi_wire_head head(uint8_t chip, uint8_t cs_change)
{
	return (struct virtio_spi_wire_head){
		.chip_select_id = chip,
		.bits_per_word = 8,
		.cs_change = cs_change,
	};
}

/* A loopback transfer on chip 0. */
static void check_works(struct spi_front *front)
{
	uint8_t tx[100], rx[100] = { 0 };
	struct spi_front_request request = { .head = head(0, 1),
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

static void transfers_are_served_for_one_front_end_after_another(void **state)
{
	struct spi_front front;

	for (int i = 0; i < 5; i++) {
		open_front(*state, 0, &front);
		check_works(&front);
		check_works(&front);
		spi_front_close(&front);
	}
}

static void guests_are_served_side_by_side(void **state)
{
	struct spi_front a, b;

	open_front(*state, 0, &a);
	open_front(*state, 1, &b);
	for (int i = 0; i < 20; i++) {
		check_works(&a);
		check_works(&b);
	}
	spi_front_close(&a);
	spi_front_close(&b);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	assert_int_equal(
		connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void second_front_end_is_turned_away(void **state)
{
	struct fixture *f = *state;
	struct spi_front front;
	struct pollfd fd = { .events = POLLIN };
	char byte;

	open_front(f, 0, &front);
	fd.fd = connect_to(f->paths[0]);
	assert_int_equal(poll(&fd, 1, TIMEOUT_MS), 1);
	assert_int_equal(read(fd.fd, &byte, 1), 0);
	close(fd.fd);
	check_works(&front);
	spi_front_close(&front);
	open_front(f, 0, &front);
	check_works(&front);
	spi_front_close(&front);
}

static void garbage_ends_its_connection_alone(void **state)
{
	struct fixture *f = *state;
	struct spi_front front;
	char garbage[64];
	int fd = connect_to(f->paths[0]);

	memset(garbage, 0xff, sizeof(garbage));
	assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
	close(fd);
	open_front(f, 0, &front);
	check_works(&front);
	spi_front_close(&front);
}

/* A long transfer: 100 ms of word delays for each of some pieces. */
static void submit_slow(struct spi_front *front, uint32_t len, uint16_t *id)
{
	static uint8_t tx[1 << 18];
	struct spi_front_request request = { .head = head(0, 1),
					     .tx = tx,
					     .tx_len = len };

	request.head.word_delay_ns = htole32(255000);
	assert_int_equal(spi_front_submit(front, &request, NULL, id), 0);
}

/* 2^18 words of 255 us: a minute. No answer waits for that. */
static void control_socket_is_answered_while_a_transfer_runs(void **state)
{
	int64_t deadline = deadline_in(TIMEOUT_MS);
	struct spi_front front;
	uint64_t features;
	uint16_t id;

	open_front(*state, 0, &front);
	submit_slow(&front, 1 << 18, &id);
	for (int i = 0; i < 10; i++)
		assert_int_equal(front_end_get_u64(&front.fe,
						   VHOST_USER_GET_FEATURES,
						   &features),
				 0);
	assert_true(deadline_left(deadline) > 0);
	spi_front_close(&front);
}

static void stopping_the_ring_ends_a_slow_transfer(void **state)
{
	struct spi_front_result result;
	struct spi_front front;
	uint32_t base;
	uint16_t id;

	open_front(*state, 0, &front);
	submit_slow(&front, 1 << 18, &id);
	/* Whether it was begun or not: it is not half done and unheard of. */
	assert_int_equal(front_stop_vring(&front.fe, 0, &base), 0);
	if (base == 1) {
		assert_int_equal(spi_front_wait(&front, id, &result), 0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_ERR);
	}
	assert_true(base <= 1);
	spi_front_close(&front);
}

static void quitting_ends_a_slow_transfer(void **state)
{
	struct spi_front front;
	uint16_t id;

	open_front(*state, 0, &front);
	submit_slow(&front, 1 << 18, &id);
	/* The teardown quits, joins, and looks whose the buses are. */
	teardown(state);
	spi_front_close(&front);
	setup(state);
}

/* A held chip's bus: not its guest's any more when that goes. */
static void disconnecting_releases_a_held_chip(void **state)
{
	struct fixture *f = *state;
	struct spi_front_request hold = { .head = head(1, 0),
					  .tx = (const uint8_t *)"a",
					  .tx_len = 1 };
	struct spi_front_result result;
	struct spi_front a, b;

	open_front(f, 0, &a);
	open_front(f, 1, &b);
	assert_int_equal(spi_front_transfer(&a, &hold, NULL, &result), 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	spi_front_close(&a);
	assert_int_equal(spi_front_transfer(&b, &hold, NULL, &result), 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	spi_front_close(&b);
}

/* Five seconds of hold on chip 0, which is the other's too. */
static void waiting_guest_is_woken_when_a_chip_is_released(void **state)
{
	struct fixture *f = *state;
	struct spi_front_request hold = { .head = head(0, 0),
					  .tx = (const uint8_t *)"a",
					  .tx_len = 1 };
	struct spi_front_request end = { .head = head(0, 0), .rx_len = 1 };
	struct spi_front_result result;
	struct spi_front a, b;
	uint16_t id;

	open_front(f, 0, &a);
	open_front(f, 1, &b);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(spi_front_transfer(&a, &hold, NULL, &result),
				 0);
		assert_int_equal(spi_front_submit(&b, &end, NULL, &id), 0);
		assert_int_equal(spi_front_transfer(&a, &end, NULL, &result),
				 0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
		assert_int_equal(spi_front_wait(&b, id, &result), 0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	}
	spi_front_close(&a);
	spi_front_close(&b);
}

static void hold_expires_by_itself(void **state)
{
	struct fixture *f = *state;
	struct spi_front_request hold = { .head = head(0, 0),
					  .tx = (const uint8_t *)"a",
					  .tx_len = 1 };
	struct spi_front_request end = { .head = head(0, 0), .rx_len = 1 };
	struct spi_front_result result;
	struct spi_front a, b;

	f->specs[0].cs_hold_ms = 1;
	open_front(f, 0, &a);
	open_front(f, 1, &b);
	assert_int_equal(spi_front_transfer(&a, &hold, NULL, &result), 0);
	assert_int_equal(spi_front_transfer(&b, &end, NULL, &result), 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(spi_front_transfer(&a, &end, NULL, &result), 0);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_ERR);
	spi_front_close(&a);
	spi_front_close(&b);
}

/* The ring's kick without a descriptor: the worker looks by itself. */
static void ring_without_kick_is_polled(void **state)
{
	struct spi_front front;

	open_front(*state, 0, &front);
	assert_int_equal(front_set_vring_fd(&front.fe,
					    VHOST_USER_SET_VRING_KICK, 0, -1),
			 0);
	for (int i = 0; i < 10; i++)
		check_works(&front);
	spi_front_close(&front);
}

static void dead_kick_breaks_the_ring(void **state)
{
	struct pollfd fd = { .events = POLLIN };
	struct spi_front front;
	uint64_t features;
	int pipe_fds[2];

	open_front(*state, 0, &front);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(front_set_vring_fd(&front.fe,
					    VHOST_USER_SET_VRING_KICK, 0,
					    pipe_fds[0]),
			 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	fd.fd = front.ring.err_fd;
	assert_int_equal(poll(&fd, 1, TIMEOUT_MS), 1);
	assert_int_equal(front_end_get_u64(&front.fe, VHOST_USER_GET_FEATURES,
					   &features),
			 0);
	spi_front_close(&front);
}

static void truncated_memory_breaks_its_ring_alone(void **state)
{
	struct pollfd fd = { .events = POLLIN };
	struct fixture *f = *state;
	struct spi_front a, b;
	uint64_t features;
	unsigned int i;

	/* Not in the setup: cmocka has a handler of its own for each step. */
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	open_front(f, 0, &a);
	open_front(f, 1, &b);
	check_works(&a);
	for (i = 0; i < a.mem.count; i++)
		assert_int_equal(ftruncate(a.mem.regions[i].fd, 0), 0);
	/* Not through the ring, which is ours as well as gone. */
	assert_int_equal(eventfd_write(a.ring.kick_fd, 1), 0);
	fd.fd = a.ring.err_fd;
	assert_int_equal(poll(&fd, 1, TIMEOUT_MS), 1);
	assert_int_equal(front_end_get_u64(&a.fe, VHOST_USER_GET_FEATURES,
					   &features),
			 0);
	check_works(&b);
	spi_front_close(&a);
	spi_front_close(&b);
	open_front(f, 0, &a);
	check_works(&a);
	spi_front_close(&a);
}

static void socket_that_is_served_is_refused(void **state)
{
	struct fixture *f = *state;
	struct guest_worker second;

	assert_int_equal(guest_worker_init(&second, 9, f->paths[0], &f->pool,
					   f->quit),
			 -EADDRINUSE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(transfers_are_served_for_one_front_end_after_another),
		TEST(guests_are_served_side_by_side),
		TEST(second_front_end_is_turned_away),
		TEST(garbage_ends_its_connection_alone),
		TEST(control_socket_is_answered_while_a_transfer_runs),
		TEST(stopping_the_ring_ends_a_slow_transfer),
		TEST(quitting_ends_a_slow_transfer),
		TEST(disconnecting_releases_a_held_chip),
		TEST(waiting_guest_is_woken_when_a_chip_is_released),
		TEST(hold_expires_by_itself),
		TEST(ring_without_kick_is_polled),
		TEST(dead_kick_breaks_the_ring),
		TEST(truncated_memory_breaks_its_ring_alone),
		TEST(socket_that_is_served_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
