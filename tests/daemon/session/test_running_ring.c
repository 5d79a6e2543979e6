/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* What a front end may replace while the ring runs. */
#include <poll.h>
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

/* The call eventfd is replaced on the running ring: QEMU masks with it. */
static void call_eventfd_replaced_while_running(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned int before = daemon_fds(&rig->daemon);
	int masked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd pfd = { .fd = masked, .events = POLLIN };
	uint16_t id;

	for (unsigned int i = 0; i < 10; i++) {
		rig_check_loopback(front, 10);
		assert_int_equal(front_set_vring_fd(&front->fe,
						    VHOST_USER_SET_VRING_CALL,
						    0, masked),
				 0);
		front_ring_signalled(front->ring.call_fd);
		front_ring_signalled(masked);
		front_ring_want_call(&front->ring, front->ring.taken);
		id = submit_rx(front, 3);
		assert_int_equal(poll(&pfd, 1, DAEMON_TIMEOUT_MS), 1);
		assert_false(front_ring_signalled(front->ring.call_fd));
		assert_int_equal(front_set_vring_fd(&front->fe,
						    VHOST_USER_SET_VRING_CALL,
						    0, front->ring.call_fd),
				 0);
		rig_expect_wait(front, id, 3, VIRTIO_SPI_TRANS_OK);
	}
	daemon_expect_fds(&rig->daemon, before);
	close(masked);
}

/* No call eventfd at all: the driver polls. */
static void ring_without_call_eventfd(void **state)
{
	struct spi_front *front = rig_open(*state, 0);

	assert_int_equal(front_set_vring_fd(&front->fe,
					    VHOST_USER_SET_VRING_CALL, 0, -1),
			 0);
	submit_rx(front, 3);
	while (front_ring_used_idx(&front->ring) == front->ring.taken)
		rig_check_control(front);
}

static void memory_table_replaced_while_running(void **state)
{
	struct rig *rig = *state;
	struct spi_front *front = rig_open(rig, 0);
	unsigned int before = daemon_fds(&rig->daemon);

	for (unsigned int i = 1; i <= 20; i++) {
		uint16_t id = submit_rx(front, 100000);

		assert_int_equal(front_set_mem_table(&front->fe, &front->mem),
				 0);
		rig_expect_wait(front, id, 100000, VIRTIO_SPI_TRANS_OK);
		rig_check_loopback(front, i);
	}
	daemon_expect_fds(&rig->daemon, before);
}

static void memory_hot_added_and_removed_while_running(void **state)
{
	const uint64_t addr = UINT64_C(1) << 32;
	struct spi_front *front = rig_open(*state, 0);
	struct spi_front_framing framing = { .in_addr = addr,
					     .out_addr = addr + 8192 };
	struct spi_front_request request = { rig_head(0), NULL, 0, NULL, 100 };
	struct spi_front_result result;
	int region = front_mem_add(&front->mem, addr, 1 << 20, 1 << 20);

	assert_true(region >= 0);
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(
			spi_front_transfer(front, &request, &framing, &result),
			0);
		assert_int_equal(result.used_len, 0); /* no place for it */
		assert_int_equal(front_add_region(&front->fe,
						  &front->mem.regions[region]),
				 0);
		assert_int_equal(
			spi_front_transfer(front, &request, &framing, &result),
			0);
		assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
		assert_int_equal(
			front_remove_region(&front->fe,
					    &front->mem.regions[region]),
			0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST_BOTH(call_eventfd_replaced_while_running),
		RIG_TEST_BOTH(ring_without_call_eventfd),
		RIG_TEST_BOTH(memory_table_replaced_while_running),
		RIG_TEST_BOTH(memory_hot_added_and_removed_while_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
