/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
#include "tests/lib/daemon/rig.h"

#include <endian.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/hostile/hostile_ring.h"
#include "tests/lib/skip.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define MAX_ARGS 16

const char *const rig_with_iommu[] = { "--device=sim:loopback", RIG_WITH_IOMMU,
				       NULL };

int rig_setup_idle(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	daemon_init(&rig->daemon);
	*state = rig;
	return 0;
}

/* Starts the daemon with the @args, and one more. */
static void start_daemon(void **state, const char *const *args,
			 const char *last)
{
	static const char *const loopback[] = { "--device=sim:loopback", NULL };
	const char *all[MAX_ARGS + 2] = { NULL };
	unsigned int count = 0;
	struct rig *rig;

	if (!args)
		args = loopback;
	for (; args[count]; count++) {
		assert_in_range(count, 0, MAX_ARGS - 1);
		all[count] = args[count];
	}
	all[count] = last;
	rig_setup_idle(state);
	rig = *state;
	daemon_start(&rig->daemon, 2, all);
}

int rig_setup(void **state)
{
	start_daemon(state, *state, NULL);
	return 0;
}

int rig_setup_packed(void **state)
{
	struct rig *rig;

	start_daemon(state, *state, RIG_WITH_PACKED);
	rig = *state;
	rig->packed = true;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;

	if (test_has_failed())
		daemon_show_log(&rig->daemon);
	for (unsigned int i = 0; i < RIG_FRONTS; i++)
		rig_close(rig, i);
	if (rig->daemon.pid > 0)
		daemon_stop(&rig->daemon, SIGTERM);
	daemon_clean(&rig->daemon);
	free(rig);
	return 0;
}

uint64_t rig_layout(const struct rig *rig)
{
	return rig->packed ? FRONT_BIT(VIRTIO_F_RING_PACKED) : 0;
}

struct spi_front_options rig_options(const struct rig *rig, unsigned int socket)
{
	struct spi_front_options options =
		spi_front_defaults(daemon_socket(&rig->daemon, socket));

	options.features |= rig_layout(rig);
	options.timeout_ms = DAEMON_TIMEOUT_MS;
	return options;
}

struct spi_front *rig_open_with(struct rig *rig, unsigned int slot,
				const struct spi_front_options *options)
{
	assert_false(rig->open[slot]);
	assert_int_equal(spi_front_open(&rig->fronts[slot], options), 0);
	rig->open[slot] = true;
	assert_int_equal(
		rig->fronts[slot].ring.packed,
		!!(options->features & FRONT_BIT(VIRTIO_F_RING_PACKED)));
	return &rig->fronts[slot];
}

struct spi_front *rig_open(struct rig *rig, unsigned int slot)
{
	struct spi_front_options options = rig_options(rig, slot);

	return rig_open_with(rig, slot, &options);
}

struct spi_front_options rig_options_iommu(const struct rig *rig,
					   unsigned int socket)
{
	struct spi_front_options options = rig_options(rig, socket);

	options.mem_size = 4 << 20;
	options.features |= FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM);
	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ);
	return options;
}

struct spi_front *rig_open_iommu(struct rig *rig, unsigned int slot)
{
	struct spi_front_options options = rig_options_iommu(rig, slot);
	struct spi_front *front = rig_open_with(rig, slot, &options);

	assert_true(front->fe.features & FRONT_BIT(VIRTIO_F_ACCESS_PLATFORM));
	return front;
}

struct spi_front *rig_connect(struct rig *rig, unsigned int slot)
{
	struct spi_front_options options = rig_options(rig, slot);

	assert_false(rig->open[slot]);
	assert_int_equal(spi_front_connect(&rig->fronts[slot], &options), 0);
	rig->open[slot] = true;
	return &rig->fronts[slot];
}

void rig_close(struct rig *rig, unsigned int slot)
{
	if (rig->open[slot])
		spi_front_close(&rig->fronts[slot]);
	rig->open[slot] = false;
}

struct spi_front *rig_open_tracked(struct rig *rig, unsigned int slot)
{
	struct spi_front_options options = rig_options(rig, slot);
	struct spi_front *front;

	options.path = strdup(options.path);
	options.ring_size = 128;
	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD);
	front = rig_open_with(rig, slot, &options);
	assert_true(front->inflight_fd >= 0);
	return front;
}

void rig_close_tracked(struct rig *rig, unsigned int slot)
{
	char *path = (char *)(uintptr_t)rig->fronts[slot].options.path;

	rig_close(rig, slot);
	free(path);
}

void rig_crash(struct rig *rig)
{
	if (daemon_is_kept())
		skip_because("it ends the keeper");
	daemon_check_alive(&rig->daemon);
	kill(rig->daemon.pid, SIGKILL);
	assert_int_equal(daemon_wait(&rig->daemon), -SIGKILL);
}

unsigned int rig_count_fds(struct rig *rig)
{
	unsigned int count;

	rig_check_loopback(rig_open(rig, 0), 1);
	rig_check_loopback(rig_open(rig, 1), 1);
	count = daemon_fds(&rig->daemon);
	rig_close(rig, 0);
	rig_close(rig, 1);
	return count;
}

struct virtio_spi_wire_head rig_head(uint8_t cs)
{
	return (struct virtio_spi_wire_head){
		.chip_select_id = cs,
		.bits_per_word = 8,
		.cs_change = 1,
		.tx_nbits = 1,
		.rx_nbits = 1,
		.freq = htole32(1000000),
	};
}

void rig_pattern(uint8_t *bytes, uint32_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;

	for (uint32_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		bytes[i] = x >> 24;
	}
}

static void check_result(const struct spi_front_result *result, uint32_t rx_len,
			 uint8_t status)
{
	assert_int_equal(result->status, status);
	assert_int_equal(result->used_len, rx_len + 1);
}

void rig_expect(struct spi_front *front,
		const struct spi_front_request *request, uint8_t status)
{
	struct spi_front_result result;

	assert_int_equal(spi_front_transfer(front, request, NULL, &result), 0);
	check_result(&result, request->rx_len, status);
}

void rig_expect_wait(struct spi_front *front, uint16_t id, uint32_t rx_len,
		     uint8_t status)
{
	struct spi_front_result result;

	assert_int_equal(spi_front_wait(front, id, &result), 0);
	check_result(&result, rx_len, status);
}

static void transfer(struct spi_front *front, uint8_t cs_change, const void *tx,
		     uint32_t tx_len, void *rx, uint32_t rx_len)
{
	struct spi_front_request request = {
		.head = rig_head(0),
		.tx = tx,
		.tx_len = tx_len,
		.rx = rx,
		.rx_len = rx_len,
	};

	request.head.cs_change = cs_change;
	rig_expect(front, &request, VIRTIO_SPI_TRANS_OK);
}

void rig_tx(struct spi_front *front, uint8_t cs_change, const void *tx,
	    uint32_t len)
{
	transfer(front, cs_change, tx, len, NULL, 0);
}

void rig_rx(struct spi_front *front, uint8_t cs_change, void *rx, uint32_t len)
{
	transfer(front, cs_change, NULL, 0, rx, len);
}

void rig_duplex(struct spi_front *front, const void *tx, void *rx, uint32_t len)
{
	transfer(front, 1, tx, len, rx, len);
}

void rig_check_loopback(struct spi_front *front, uint32_t len)
{
	uint8_t *tx = malloc(len), *rx = malloc(len);

	assert_non_null(tx);
	assert_non_null(rx);
	rig_pattern(tx, len, len);
	rig_duplex(front, tx, rx, len);
	assert_memory_equal(rx, tx, len);
	free(tx);
	free(rx);
}

void rig_check_control(struct spi_front *front)
{
	uint64_t features;

	assert_int_equal(front_end_get_u64(&front->fe, VHOST_USER_GET_FEATURES,
					   &features),
			 0);
	assert_true(features & FRONT_BIT(VIRTIO_F_VERSION_1));
}

void rig_wait_ring_error(struct spi_front *front)
{
	struct pollfd pfd = { .fd = front->ring.err_fd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, DAEMON_TIMEOUT_MS), 1);
	assert_true(front_ring_signalled(front->ring.err_fd));
}

void rig_expect_broken(struct rig *rig, struct spi_front *front)
{
	rig_wait_ring_error(front);
	rig_check_control(front);
	rig_check_loopback(rig_open(rig, 1), 100);
	rig_recover_ring(front);
	rig_check_loopback(&rig->fronts[1], 100);
	rig_close(rig, 1);
}

void rig_recover_ring(struct spi_front *front)
{
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(spi_front_new_ring(front, base), 0);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_check_loopback(front, 16);
}

struct spi_front *rig_open_hostile(struct rig *rig)
{
	struct spi_front *front = rig_open(rig, 0);
	struct virtio_spi_wire_head head = rig_head(0);

	rig_check_loopback(front, 8);
	assert_int_equal(front_mem_write(&front->mem, HOSTILE_SPARE, &head,
					 sizeof(head)),
			 0);
	return front;
}
