/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* Start, hold, stop and start again, in the ways of QEMU and others. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

/* A request that reads @len bytes, in the ring but not waited for */
static uint16_t submit_rx(struct spi_front *front, uint32_t len)
{
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, len };
	uint16_t id;

	assert_int_equal(spi_front_submit(front, &request, NULL, &id), 0);
	return id;
}

/* Nothing is used for a while, though the daemon is awake. */
static void expect_held(struct spi_front *front)
{
	for (unsigned int i = 0; i < 10; i++) {
		rig_check_control(front);
		usleep(5000);
	}
	assert_int_equal(front_ring_used_idx(&front->ring), front->ring.taken);
}

/* What QEMU sends when its device is made: CALL and ERR before all else */
static void realize_like_qemu(struct spi_front *front, int masked)
{
	struct front_end *fe = &front->fe;
	uint8_t config[32];
	uint64_t number;

	assert_int_equal(front_negotiate(fe, front->options.features,
					 front->options.protocol),
			 0);
	assert_int_equal(
		front_end_get_u64(fe, VHOST_USER_GET_MAX_MEM_SLOTS, &number),
		0);
	assert_int_equal(
		front_end_get_u64(fe, VHOST_USER_GET_FEATURES, &number), 0);
	assert_int_equal(
		front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, 0, masked),
		0);
	assert_int_equal(
		front_set_vring_fd(fe, VHOST_USER_SET_VRING_ERR, 0, masked), 0);
	assert_int_equal(front_get_config(fe, 0, 32, config), 0);
}

/* And when the guest's driver is ready: the real CALL comes last. */
static void message_order_of_qemu(void **state)
{
	struct spi_front *front = rig_connect(*state, 0);
	struct front_end *fe = &front->fe;
	int masked = eventfd(0, EFD_CLOEXEC);

	realize_like_qemu(front, masked);
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, fe->features),
		0);
	assert_int_equal(front_share_mem(fe, &front->mem), 0);
	assert_int_equal(spi_front_new_ring(front, 0), 0);
	assert_int_equal(front_set_vring_num(fe, 0, front->ring.size), 0);
	assert_int_equal(front_set_vring_base(fe, 0, 0), 0);
	assert_int_equal(front_set_vring_addr(fe, 0, &front->ring), 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, 0,
					    front->ring.kick_fd),
			 0);
	assert_int_equal(
		front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, 0, masked),
		0);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, 0,
					    front->ring.call_fd),
			 0);
	close(masked);
	rig_check_loopback(front, 100);
}

/* ADDR before BASE, no ERR, one memory table */
static void message_order_of_cloud_hypervisor(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_connect(rig, 0);
	struct front_end *fe = &front->fe;
	uint32_t base;

	assert_int_equal(
		front_end_tell(fe, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0), 0);
	assert_int_equal(front_negotiate(fe, front->options.features,
					 front->options.protocol),
			 0);
	assert_int_equal(front_set_mem_table(fe, &front->mem), 0);
	assert_int_equal(spi_front_new_ring(front, 0), 0);
	assert_int_equal(front_set_vring_num(fe, 0, front->ring.size), 0);
	assert_int_equal(front_set_vring_addr(fe, 0, &front->ring), 0);
	assert_int_equal(front_set_vring_base(fe, 0, 0), 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_CALL, 0,
					    front->ring.call_fd),
			 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, 0,
					    front->ring.kick_fd),
			 0);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	rig_check_loopback(front, 100);

	/* Its reset */
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.taken));
	rig_recover_ring(front);
}

/* ENABLE comes before KICK; no ack is asked for at all. */
static void enabled_before_started_without_acks(void **state)
{
	struct rig *rig = *state;
	struct spi_front_options options = rig_options(rig, 0);
	struct spi_front *front;
	struct front_end *fe;
	uint32_t base;

	options.protocol &= ~FRONT_BIT(VHOST_USER_PROTOCOL_F_REPLY_ACK);
	front = rig_open_with(rig, 0, &options);
	fe = &front->fe;
	rig_check_loopback(front, 10);
	assert_int_equal(front_stop_vring(fe, 0, &base), 0);
	assert_int_equal(front_set_vring_enable(fe, 0, true), 0);
	assert_int_equal(front_set_vring_base(fe, 0, base), 0);
	assert_int_equal(front_set_vring_fd(fe, VHOST_USER_SET_VRING_KICK, 0,
					    front->ring.kick_fd),
			 0);
	rig_check_loopback(front, 10);
}

/* Without bit 30 there are no protocol features, and rings start enabled. */
static void session_without_protocol_features(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_connect(rig, 0);
	struct front_end *fe = &front->fe;

	assert_int_equal(
		front_end_tell(fe, VHOST_USER_SET_OWNER, NULL, 0, NULL, 0), 0);
	fe->features = FRONT_BIT(VIRTIO_F_VERSION_1) | rig_layout(rig);
	assert_int_equal(
		front_end_set_u64(fe, VHOST_USER_SET_FEATURES, fe->features),
		0);
	assert_int_equal(front_set_mem_table(fe, &front->mem), 0);
	assert_int_equal(spi_front_new_ring(front, 0), 0);
	assert_int_equal(front_start_vring(fe, 0, &front->ring, 0), 0);
	rig_check_loopback(front, 100);
}

/* What Cloud Hypervisor's pause does */
static void disabled_ring_holds_its_requests(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint16_t ids[5];

	rig_check_loopback(front, 10);
	assert_int_equal(front_set_vring_enable(&front->fe, 0, false), 0);
	for (unsigned int i = 0; i < 5; i++)
		ids[i] = submit_rx(front, 10);
	front_ring_kick_now(&front->ring);
	expect_held(front);
	assert_int_equal(front_set_vring_enable(&front->fe, 0, true), 0);
	for (unsigned int i = 0; i < 5; i++)
		rig_expect_wait(front, ids[i], 10, VIRTIO_SPI_TRANS_OK);
}

/* QEMU's stop and cont: what was held is served after the start. */
static void held_requests_survive_stop_and_start(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint32_t base;
	uint16_t id;

	for (unsigned int i = 1; i <= 7; i++)
		rig_check_loopback(front, i);
	assert_int_equal(front_set_vring_enable(&front->fe, 0, false), 0);
	id = submit_rx(front, 10);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_int_equal(base,
			 front_ring_base(&front->ring, front->ring.taken));
	expect_held(front);
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_expect_wait(front, id, 10, VIRTIO_SPI_TRANS_OK);
}

/* All that counts in the base is used before the answer comes. */
static void get_vring_base_drains(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	uint16_t ids[12];
	struct front_ring *ring = &front->ring;
	uint32_t base;
	uint16_t used;

	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < 12; i++)
			ids[i] = submit_rx(front, 50000);
		usleep(round * 50);
		assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
		used = front_ring_used_idx(ring);
		assert_int_equal(base, front_ring_base(ring, used));
		if (!ring->packed)
			assert_true((uint16_t)(ring->published - used) <= 12);
		rig_check_control(front);
		assert_int_equal(front_ring_used_idx(ring), used);
		assert_int_equal(front_start_vring(&front->fe, 0, ring, base),
				 0);
		for (unsigned int i = 0; i < 12; i++)
			rig_expect_wait(front, ids[i], 50000,
					VIRTIO_SPI_TRANS_OK);
	}
}

static void base_of_a_ring_that_never_ran(void **state)
{
	struct spi_front *front = rig_connect(*state, 0);
	uint32_t base = 99;

	assert_int_equal(front_negotiate(&front->fe, front->options.features,
					 front->options.protocol),
			 0);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_int_equal(base, 0);
	assert_int_equal(front_set_vring_base(&front->fe, 0, 1234), 0);
	assert_int_equal(front_get_vring_base(&front->fe, 0, &base), 0);
	assert_int_equal(base, 1234);
}

/* The ring starts with SET_VRING_KICK, with or without a kick. */
static void ring_is_scanned_at_its_start(void **state)
{
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 5 };
	uint32_t base;
	uint16_t id;

	rig_check_loopback(front, 10);
	assert_int_equal(front_stop_vring(&front->fe, 0, &base), 0);
	assert_int_equal(spi_front_add(front, &request, NULL, &id), 0);
	front_ring_publish(&front->ring); /* and no kick */
	assert_int_equal(front_start_vring(&front->fe, 0, &front->ring, base),
			 0);
	rig_expect_wait(front, id, 5, VIRTIO_SPI_TRANS_OK);
}

static void next_front_end_is_served(void **state)
{
	struct rig *rig = *state;
	unsigned int before = rig_count_fds(rig);
	unsigned int threads = daemon_threads(&rig->daemon);

	for (unsigned int i = 0; i < 50; i++) {
		rig_check_loopback(rig_open(rig, 0), i + 1);
		rig_close(rig, 0);
	}
	assert_int_equal(rig_count_fds(rig), before);
	assert_int_equal(daemon_threads(&rig->daemon), threads);
}

static void two_guests_at_once(void **state)
{
	struct rig *rig = *state;
	struct spi_front *fronts[] = { rig_open(rig, 0), rig_open(rig, 1) };
	uint8_t tx[2][300], rx[2][300];
	uint16_t ids[2];

	for (unsigned int round = 0; round < 200; round++) {
		for (unsigned int i = 0; i < 2; i++) {
			struct spi_front_request request = { rig_head(0), tx[i],
							     300, rx[i], 300 };

			rig_pattern(tx[i], 300, 2 * round + i);
			assert_int_equal(spi_front_submit(fronts[i], &request,
							  NULL, &ids[i]),
					 0);
		}
		for (unsigned int i = 0; i < 2; i++) {
			rig_expect_wait(fronts[i], ids[i], 300,
					VIRTIO_SPI_TRANS_OK);
			assert_memory_equal(rx[i], tx[i], 300);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(message_order_of_qemu),
		RIG_TEST_BOTH(message_order_of_cloud_hypervisor),
		RIG_TEST_BOTH(enabled_before_started_without_acks),
		RIG_TEST_BOTH(session_without_protocol_features),
		RIG_TEST_BOTH(disabled_ring_holds_its_requests),
		RIG_TEST_BOTH(held_requests_survive_stop_and_start),
		RIG_TEST_BOTH(get_vring_base_drains),
		RIG_TEST(base_of_a_ring_that_never_ran),
		RIG_TEST_BOTH(ring_is_scanned_at_its_start),
		RIG_TEST(next_front_end_is_served),
		RIG_TEST_BOTH(two_guests_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
