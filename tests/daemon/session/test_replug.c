/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * Several devices in a row on one connection, as when QEMU's device is
 * unplugged and another is plugged on the same chardev: SET_OWNER begins a new
 * session, in which nothing is left of the device before.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_log.h"
#include "vhost/front/front_migrate.h"
#include "vhost/front/front_setup.h"

#define DEVICES 8

/* What front ends of QEMU's kind negotiate before SET_OWNER */
static struct spi_front *open_front(struct rig *rig)
{
	struct spi_front_options options = rig_options(rig, 0);

	options.protocol |= FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS) |
			    FRONT_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) |
			    FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD);
	return rig_open_with(rig, 0, &options);
}

static void set_owner(struct spi_front *front)
{
	assert_int_equal(front_end_tell(&front->fe, VHOST_USER_SET_OWNER, NULL,
					0, NULL, 0),
			 0);
}

/* All that a new device says, with the memory that is there. */
static void plug(struct spi_front *front)
{
	uint32_t base = front->ring.packed ? FRONT_RING_PACKED_BASE : 0;

	assert_int_equal(front_negotiate(&front->fe, front->options.features,
					 front->options.protocol),
			 0);
	assert_int_equal(front_share_mem(&front->fe, &front->mem), 0);
	assert_int_equal(spi_front_new_ring(front, base), 0);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_check_loopback(front, 100);
}

static void stop(struct spi_front *front)
{
	uint32_t base;

	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
}

/* QEMU removes none of the memory that it added. */
static void devices_in_a_row_with_the_same_memory(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = open_front(rig);
	unsigned int fds = daemon_fds(&rig->daemon);

	rig_check_loopback(front, 100);
	for (unsigned int i = 1; i < DEVICES; i++) {
		/* One that was not even stopped does no harm either. */
		if (i % 2)
			stop(front);
		plug(front);
	}
	/* There is no inflight region any more. */
	assert_true(daemon_fds(&rig->daemon) <= fds);
}

static void devices_in_a_row_with_other_memory(void **state)
{
	static const uint64_t sizes[DEVICES] = { 16, 64, 8, 4, 32, 2, 2, 16 };
	struct spi_front *front = open_front(*state);

	for (unsigned int i = 0; i < DEVICES; i++) {
		stop(front);
		/* Its ring goes before its memory. */
		front_ring_close(&front->ring);
		front_mem_close(&front->mem);
		front_mem_init(&front->mem);
		assert_true(front_mem_add(&front->mem, SPI_FRONT_LOW_ADDR,
					  sizes[i] << 20, 0) >= 0);
		front->ring.packed = ((struct rig *)*state)->packed;
		plug(front);
	}
}

static void nothing_is_left_of_the_device_before(void **state)
{
	struct spi_front *front = open_front(*state);
	struct front_end *fe = &front->fe;
	struct front_log log;
	uint32_t base;
	uint64_t status;

	assert_int_equal(front_end_set_u64(fe, VHOST_USER_SET_STATUS, 15), 0);
	assert_int_equal(front_log_open(&log, front_log_end(&front->mem), 0),
			 0);
	assert_int_equal(front_set_log_base(fe, &log), 0);
	set_owner(front);
	assert_int_equal(front_end_get_u64(fe, VHOST_USER_GET_STATUS, &status),
			 0);
	assert_int_equal(status, 0);
	/* There is neither size nor address nor memory, so no ring starts. */
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, 0,
					    front->ring.kick_fd),
			 -EREMOTEIO);
	assert_int_equal(front_get_vring_base(fe, 0, &base), 0);
	assert_int_equal(base, 0);
	plug(front);
	front_log_close(&log);
}

static void owner_may_be_set_and_reset_in_any_order(void **state)
{
	static const uint32_t orders[][3] = {
		{ VHOST_USER_SET_OWNER, VHOST_USER_SET_OWNER },
		{ VHOST_USER_RESET_OWNER, VHOST_USER_SET_OWNER },
		{ VHOST_USER_SET_OWNER, VHOST_USER_RESET_OWNER },
		{ VHOST_USER_RESET_OWNER, VHOST_USER_SET_OWNER,
		  VHOST_USER_RESET_OWNER },
	};
	struct spi_front *front = open_front(*state);

	for (unsigned int i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		for (unsigned int k = 0; k < 3 && orders[i][k]; k++)
			assert_int_equal(front_end_tell(&front->fe,
							orders[i][k], NULL, 0,
							NULL, 0),
					 0);
		plug(front);
	}
}

/* The transfer is ended and used before the answer comes. */
static void owner_set_in_the_middle_of_a_transfer(void **state)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL,
					     200000 };
	struct spi_front *front = open_front(*state);

	for (unsigned int i = 0; i < DEVICES; i++) {
		uint16_t id;

		assert_int_equal(spi_front_submit(front, &request, NULL, &id),
				 0);
		set_owner(front);
		/* Or it was not begun, and nobody touches it any more. */
		if (front_ring_used_idx(&front->ring) != front->ring.taken)
			rig_expect_wait(front, id, 200000, VIRTIO_SPI_TRANS_OK);
		plug(front);
	}
}

static bool is_closed(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, DAEMON_TIMEOUT_MS) == 1 && pfd.revents & POLLHUP;
}

static bool is_open(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 0;
}

/* A channel that comes before SET_OWNER is the new device's. */
static void channel_of_the_device_before_is_closed(void **state)
{
	struct spi_front *front = open_front(*state);
	struct front_iommu first, second;

	front_iommu_init(&first);
	front_iommu_init(&second);
	assert_int_equal(front_iommu_open(&first, &front->fe, &front->mem), 0);
	assert_int_equal(front_iommu_open(&second, &front->fe, &front->mem), 0);
	assert_true(is_closed(first.channel));
	set_owner(front);
	assert_true(is_open(second.channel));

	plug(front);
	assert_true(is_closed(second.channel));
	front_iommu_close(&first);
	front_iommu_close(&second);
}

/* Protocol features that are taken back take along what came by them. */
static void protocol_features_may_be_taken_back(void **state)
{
	struct spi_front *front = open_front(*state);
	uint64_t all = front->fe.protocol_features;
	struct front_iommu iommu;
	uint64_t status;

	front_iommu_init(&iommu);
	assert_int_equal(front_iommu_open(&iommu, &front->fe, &front->mem), 0);
	front->options.protocol =
		all & ~FRONT_BIT(VHOST_USER_PROTOCOL_F_BACKEND_REQ) &
		~FRONT_BIT(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD) &
		~FRONT_BIT(VHOST_USER_PROTOCOL_F_STATUS);
	assert_int_equal(front_end_set_u64(&front->fe,
					   VHOST_USER_SET_PROTOCOL_FEATURES,
					   front->options.protocol),
			 0);
	assert_true(is_closed(iommu.channel));
	/* The ring goes on. */
	rig_check_loopback(front, 10);
	assert_int_equal(
		front_end_get_u64(&front->fe, VHOST_USER_GET_STATUS, &status),
		-EREMOTEIO);
	plug(front);
	front->options.protocol = all;
	plug(front);
	assert_int_equal(
		front_end_get_u64(&front->fe, VHOST_USER_GET_STATUS, &status),
		0);
	front_iommu_close(&iommu);
}

/* In one session a region is added once, whatever its file is. */
static void region_that_is_there_is_not_added_again(void **state)
{
	struct spi_front *front = open_front(*state);
	struct front_region other = front->mem.regions[1];
	struct front_mem mem;

	front_mem_init(&mem);
	assert_int_equal(front_mem_add(&mem, other.guest_addr, other.size, 0),
			 0);
	for (unsigned int i = 0; i < DEVICES; i++) {
		assert_int_equal(
			front_add_region(&front->fe, &front->mem.regions[1]),
			-EREMOTEIO);
		assert_int_equal(front_add_region(&front->fe, &mem.regions[0]),
				 -EREMOTEIO);
		rig_check_loopback(front, 10);
		plug(front);
	}
	front_mem_close(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(devices_in_a_row_with_the_same_memory),
		RIG_TEST_BOTH(devices_in_a_row_with_other_memory),
		RIG_TEST_BOTH(nothing_is_left_of_the_device_before),
		RIG_TEST_BOTH(owner_may_be_set_and_reset_in_any_order),
		RIG_TEST_BOTH(owner_set_in_the_middle_of_a_transfer),
		RIG_TEST_BOTH(channel_of_the_device_before_is_closed),
		RIG_TEST_BOTH(protocol_features_may_be_taken_back),
		RIG_TEST_BOTH(region_that_is_there_is_not_added_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
