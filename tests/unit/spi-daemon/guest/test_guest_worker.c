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

#include "tests/lib/fixture/worker_fixture.h"
#include "tests/lib/host/emulator.h"
#include "vhost/front/deadline.h"
#include "vhost/front/front_setup.h"

static void transfers_are_served_for_one_front_end_after_another(void **state)
{
	struct spi_front front;

	for (int i = 0; i < 5; i++) {
		worker_open_front(*state, 0, &front);
		worker_check(&front);
		worker_check(&front);
		spi_front_close(&front);
	}
}

static void guests_are_served_side_by_side(void **state)
{
	struct spi_front a, b;

	worker_open_front(*state, 0, &a);
	worker_open_front(*state, 1, &b);
	for (int i = 0; i < 20; i++) {
		worker_check(&a);
		worker_check(&b);
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
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	return fd;
}

static void second_front_end_is_turned_away(void **state)
{
	struct worker_fixture *f = *state;
	struct spi_front front;
	struct pollfd fd = { .events = POLLIN };
	char byte;

	worker_open_front(f, 0, &front);
	fd.fd = connect_to(f->paths[0]);
	assert_int_equal(poll(&fd, 1, WORKER_TIMEOUT_MS), 1);
	assert_int_equal(read(fd.fd, &byte, 1), 0);
	close(fd.fd);
	worker_check(&front);
	spi_front_close(&front);
	worker_open_front(f, 0, &front);
	worker_check(&front);
	spi_front_close(&front);
}

static void garbage_ends_its_connection_alone(void **state)
{
	struct worker_fixture *f = *state;
	struct spi_front front;
	char garbage[64];
	int fd = connect_to(f->paths[0]);

	memset(garbage, 0xff, sizeof(garbage));
	assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
	close(fd);
	worker_open_front(f, 0, &front);
	worker_check(&front);
	spi_front_close(&front);
}

/* A long transfer: 100 ms of word delays for each of some pieces. */
static void submit_slow(struct spi_front *front, uint32_t len, uint16_t *id)
{
	static uint8_t tx[1 << 18];
	struct spi_front_request request = { .head = worker_head(0, 1),
					     .tx = tx,
					     .tx_len = len };

	request.head.word_delay_ns = htole32(255000);
	assert_int_equal(spi_front_submit(front, &request, NULL, id), 0);
}

/* 2^18 words of 255 us: a minute. No answer waits for that. */
static void control_socket_is_answered_while_a_transfer_runs(void **state)
{
	int64_t deadline = deadline_in(WORKER_TIMEOUT_MS);
	struct spi_front front;
	uint64_t features;
	uint16_t id;

	worker_open_front(*state, 0, &front);
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

	worker_open_front(*state, 0, &front);
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

	worker_open_front(*state, 0, &front);
	submit_slow(&front, 1 << 18, &id);
	/* The teardown quits, joins, and looks whose the buses are. */
	worker_teardown(state);
	spi_front_close(&front);
	worker_setup(state);
}

/* A held chip's bus: not its guest's any more when that goes. */
static void disconnecting_releases_a_held_chip(void **state)
{
	struct worker_fixture *f = *state;
	struct spi_front_request hold = { .head = worker_head(1, 0),
					  .tx = (const uint8_t *)"a",
					  .tx_len = 1 };
	struct spi_front_result result;
	struct spi_front a, b;

	worker_open_front(f, 0, &a);
	worker_open_front(f, 1, &b);
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
	struct worker_fixture *f = *state;
	struct spi_front_request hold = { .head = worker_head(0, 0),
					  .tx = (const uint8_t *)"a",
					  .tx_len = 1 };
	struct spi_front_request end = { .head = worker_head(0, 0),
					 .rx_len = 1 };
	struct spi_front_result result;
	struct spi_front a, b;
	uint16_t id;

	worker_open_front(f, 0, &a);
	worker_open_front(f, 1, &b);
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

static void weight_of_a_guest_is_its_share_of_a_bus(void **state)
{
	struct worker_fixture *f = *state;

	for (unsigned int i = 0; i < WORKER_COUNT; i++)
		assert_int_equal(f->workers[i].service.message.user.weight,
				 1 + i);
}

static void hold_expires_by_itself(void **state)
{
	struct worker_fixture *f = *state;
	struct spi_front_request hold = { .head = worker_head(0, 0),
					  .tx = (const uint8_t *)"a",
					  .tx_len = 1 };
	struct spi_front_request end = { .head = worker_head(0, 0),
					 .rx_len = 1 };
	struct spi_front_result result;
	struct spi_front a, b;

	f->devices->specs[0].cs_hold_ms = 1;
	worker_open_front(f, 0, &a);
	worker_open_front(f, 1, &b);
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

	worker_open_front(*state, 0, &front);
	assert_int_equal(
		front_set_vring_fd(&front.fe, VHOST_USER_SET_VRING_KICK, 0, -1),
		0);
	for (int i = 0; i < 10; i++)
		worker_check(&front);
	spi_front_close(&front);
}

static void dead_kick_breaks_the_ring(void **state)
{
	struct pollfd fd = { .events = POLLIN };
	struct spi_front front;
	uint64_t features;
	int pipe_fds[2];

	worker_open_front(*state, 0, &front);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(front_set_vring_fd(&front.fe,
					    VHOST_USER_SET_VRING_KICK, 0,
					    pipe_fds[0]),
			 0);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	fd.fd = front.ring.err_fd;
	assert_int_equal(poll(&fd, 1, WORKER_TIMEOUT_MS), 1);
	assert_int_equal(front_end_get_u64(&front.fe, VHOST_USER_GET_FEATURES,
					   &features),
			 0);
	spi_front_close(&front);
}

static void truncated_memory_breaks_its_ring_alone(void **state)
{
	struct pollfd fd = { .events = POLLIN };
	struct worker_fixture *f = *state;
	struct spi_front a, b;
	uint64_t features;
	unsigned int i;

	need_fault_address();
	/* Not in the setup: cmocka has a handler of its own for each step. */
	assert_int_equal(guest_mem_handle_sigbus(), 0);
	worker_open_front(f, 0, &a);
	worker_open_front(f, 1, &b);
	worker_check(&a);
	for (i = 0; i < a.mem.count; i++)
		assert_int_equal(ftruncate(a.mem.regions[i].fd, 0), 0);
	/* Not through the ring, which is ours as well as gone. */
	assert_int_equal(eventfd_write(a.ring.kick_fd, 1), 0);
	fd.fd = a.ring.err_fd;
	assert_int_equal(poll(&fd, 1, WORKER_TIMEOUT_MS), 1);
	assert_int_equal(
		front_end_get_u64(&a.fe, VHOST_USER_GET_FEATURES, &features),
		0);
	worker_check(&b);
	spi_front_close(&a);
	spi_front_close(&b);
	worker_open_front(f, 0, &a);
	worker_check(&a);
	spi_front_close(&a);
}

static void socket_that_is_served_is_refused(void **state)
{
	struct worker_fixture *f = *state;
	struct guest_worker second;

	assert_int_equal(guest_worker_init(&second, &f->specs[0],
					   &f->controllers[0], -1, NULL),
			 -EADDRINUSE);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, worker_setup, worker_teardown)

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
		TEST(weight_of_a_guest_is_its_share_of_a_bus),
		TEST(hold_expires_by_itself),
		TEST(ring_without_kick_is_polled),
		TEST(dead_kick_breaks_the_ring),
		TEST(truncated_memory_breaks_its_ring_alone),
		TEST(socket_that_is_served_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
