// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * The daemon with QEMU's own front end, in the life of an ordinary device.
 * There is no guest: the test is the driver.
 */
#include <stdio.h>
#include <string.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"
#include "spi-daemon/xfer/spi_front.h"
#include "virtio/spi/spi_wire.h"
#include "virtio/ring/virtio_wire.h"

/* Every kind of ring that a driver can choose. */
static const uint64_t ring_kinds[] = {
	BENCH_SPLIT,
	BENCH_SPLIT | BENCH_EVENT_IDX,
	BENCH_SPLIT | BENCH_INDIRECT,
	BENCH_SPLIT | BENCH_INDIRECT | BENCH_EVENT_IDX | BENCH_IN_ORDER,
	BENCH_PACKED,
	BENCH_PACKED | BENCH_EVENT_IDX,
	BENCH_PACKED | BENCH_INDIRECT,
	BENCH_PACKED | BENCH_INDIRECT | BENCH_EVENT_IDX | BENCH_IN_ORDER,
};

#define RING_KINDS (sizeof(ring_kinds) / sizeof(*ring_kinds))

/*
 * Boots a daemon with two chips and @more of an option, or NULL. The guest must
 * see the bits in @offered, and no other.
 */
static void check_offer(void **state, const char *more, uint64_t offered)
{
	const char *const args[] = { BENCH_DEVICES, more, NULL };
	struct bench *b = bench_open_with(state, args);

	bench_boot(b, &(struct bench_machine){ .socket = 0 });
	assert_true(virtio_pci_features(&b->spi[0].pci) == offered);
	assert_int_equal(virtio_pci_queue_size(&b->spi[0].pci), 4);
}

/* QEMU passes on whatever is offered, but bit 30, which is vhost-user's. */
#define EVERY_GUESTS                                     \
	(VIRTIO_BIT(VHOST_F_LOG_ALL) | BENCH_EVENT_IDX | \
	 VIRTIO_BIT(VIRTIO_F_VERSION_1))

static void guest_sees_split_rings_by_default(void **state)
{
	check_offer(state, NULL, EVERY_GUESTS | BENCH_INDIRECT);
}

static void guest_sees_packed_rings_alone_when_asked_for(void **state)
{
	check_offer(state, "--with=ring-packed,in-order",
		    EVERY_GUESTS | BENCH_PACKED | BENCH_IN_ORDER);
}

static void guest_sees_all_that_is_asked_for(void **state)
{
	check_offer(state,
		    "--with=ring-packed,indirect-desc,in-order,"
		    "order-platform,access-platform",
		    EVERY_GUESTS | BENCH_INDIRECT | BENCH_PACKED |
			    BENCH_IN_ORDER |
			    VIRTIO_BIT(VIRTIO_F_ORDER_PLATFORM) |
			    VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM));
}

/* What the daemon tells our own front end, on its other socket. */
static void read_config_directly(struct bench *b,
				 struct virtio_spi_wire_config *config)
{
	struct spi_front_options options =
		spi_front_defaults(daemon_socket(&b->daemon, 1));
	struct spi_front front;

	options.timeout_ms = QTEST_MS;
	assert_int_equal(spi_front_open(&front, &options), 0);
	assert_int_equal(spi_front_config(&front, config), 0);
	spi_front_close(&front);
}

static void guest_reads_the_config_when_in_any_width(void **state)
{
	struct bench *b = bench_open(state);
	struct virtio_spi_wire_config config;
	uint8_t bytes[sizeof(config)];
	struct virtio_pci *pci = &b->spi[0].pci;

	bench_boot(b, &(struct bench_machine){ .socket = 0 });
	read_config_directly(b, &config);
	assert_int_equal(config.cs_max_number, 2);
	for (unsigned int size = 1; size <= 4; size *= 2) {
		for (uint32_t at = 0; at < sizeof(bytes); at += size) {
			uint32_t value = virtio_pci_config(pci, at, size);

			for (unsigned int i = 0; i < size; i++)
				bytes[at + i] = (uint8_t)(value >> 8 * i);
		}
		assert_memory_equal(bytes, &config, sizeof(config));
	}
}

static void transfers_work_when_rings_are_of_each_kind(void **state)
{
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];

	bench_boot(b, &(struct bench_machine){ .socket = 0 });
	for (unsigned int i = 0; i < RING_KINDS; i++) {
		print_message("features 0x%llx\n",
			      (unsigned long long)ring_kinds[i]);
		spi_driver_start(spi, ring_kinds[i]);
		spi_driver_check_id(spi);
		spi_driver_check_echo(spi, 1, i);
		spi_driver_check_echo(spi, SPI_DRIVER_MAX_LEN, i);
		for (uint32_t len = 2; len < 12; len++)
			spi_driver_check_echo(spi, len, len);
		spi_driver_check_id(spi);
	}
}

/* Chains of four and of three descriptors, so that they end anywhere. */
static void transfers_work_when_rings_go_round(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_PACKED);

	for (unsigned int kind = 0; kind < 2; kind++) {
		for (uint32_t i = 0; i < 200; i++) {
			spi_driver_check_echo(spi, i % 40 + 1, i);
			if (i % 3 == 0)
				spi_driver_check_id(spi);
		}
		spi_driver_start(spi, BENCH_SPLIT);
	}
}

static void all_requests_complete_when_the_queue_is_deep(void **state)
{
	static const struct bench_machine deep = {
		.device = BENCH_DEEP_DEVICE,
	};
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];

	bench_boot(b, &deep);
	assert_int_equal(virtio_pci_queue_size(&spi->pci), 256);
	for (unsigned int kind = 0; kind < RING_KINDS; kind++) {
		uint32_t count;

		spi_driver_start(spi, ring_kinds[kind]);
		count = driver_ring_room(&spi->ring);
		assert_in_range(count, 64, 256);
		for (unsigned int round = 0; round < 2; round++) {
			for (uint32_t i = 0; i < count; i++)
				spi_driver_add_echo(spi, i + 1, i);
			spi_driver_kick(spi);
			for (uint32_t i = 0; i < count; i++)
				spi_driver_wait_echo(spi, i + 1, i);
		}
		spi_driver_check_id(spi);
	}
}

static void ring_resumes_when_qemu_stops_and_continues(void **state)
{
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];
	struct qtest *qt;

	qt = bench_boot(b, &(struct bench_machine){ .socket = 0 });
	for (unsigned int kind = 0; kind < RING_KINDS; kind++) {
		spi_driver_start(spi, ring_kinds[kind]);
		for (uint32_t i = 0; i < 10; i++) {
			spi_driver_check_echo(spi, 100, i);
			qtest_execute(qt, "stop");
			qtest_execute(qt, "cont");
			spi_driver_check_echo(spi, 100, i + 1);
			spi_driver_check_id(spi);
		}
	}
}

/* No kick reaches the daemon for it but the one that QEMU makes up. */
static void request_waits_when_it_was_added_while_stopped(void **state)
{
	static const uint64_t kinds[] = { BENCH_SPLIT, BENCH_PACKED,
					  BENCH_PACKED | BENCH_EVENT_IDX };
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];
	struct qtest *qt;

	qt = bench_boot(b, &(struct bench_machine){ .socket = 0 });
	for (unsigned int kind = 0; kind < 3; kind++) {
		uint32_t len;
		uint16_t id;

		spi_driver_start(spi, kinds[kind]);
		spi_driver_check_echo(spi, 16, 1);
		qtest_execute(qt, "stop");
		spi_driver_add_echo(spi, 16, 2);
		spi_driver_kick(spi);
		process_sleep_ms(50);
		assert_false(driver_ring_take(&spi->ring, &id, &len));
		qtest_execute(qt, "cont");
		spi_driver_wait_echo(spi, 16, 2);
	}
}

static void device_works_when_reset_again_and_again(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);

	for (uint32_t i = 0; i < 40; i++) {
		spi_driver_start(spi, ring_kinds[i % RING_KINDS]);
		spi_driver_check_echo(spi, 33, i);
		/* What is left undone is forgotten. */
		if (i % 3 == 0) {
			spi_driver_add_echo(spi, 8, i);
			spi_driver_kick(spi);
		}
		if (i % 5 == 0)
			virtio_pci_reset(&spi->pci);
	}
}

static void device_works_when_the_machine_was_reset(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_PACKED);
	struct bench *b = *state;
	struct qtest *qt = &b->qemu[0];

	for (uint32_t i = 0; i < 4; i++) {
		spi_driver_check_echo(spi, 33, i);
		/* The second of them finds nothing that runs. */
		qtest_execute(qt, "system_reset");
		qtest_execute(qt, "system_reset");
		bench_find(b, qt, 0);
		spi_driver_start(spi, ring_kinds[i]);
		spi_driver_check_id(spi);
	}
}

static void both_devices_work_when_one_qemu_has_two(void **state)
{
	static const struct bench_machine two = { .more_sockets = 1 };
	struct bench *b = bench_open(state);

	bench_boot(b, &two);
	spi_driver_start(&b->spi[0], BENCH_SPLIT);
	spi_driver_start(&b->spi[1], BENCH_PACKED | BENCH_EVENT_IDX);
	for (uint32_t i = 0; i < 20; i++) {
		for (unsigned int n = 0; n < 2; n++)
			spi_driver_add_echo(&b->spi[n], 200, i * 2 + n);
		for (unsigned int n = 0; n < 2; n++)
			spi_driver_kick(&b->spi[n]);
		for (unsigned int n = 0; n < 2; n++)
			spi_driver_wait_echo(&b->spi[n], 200, i * 2 + n);
	}
	/* One is reset, the other notices nothing. */
	spi_driver_add_echo(&b->spi[1], 10, 1);
	virtio_pci_reset(&b->spi[0].pci);
	spi_driver_kick(&b->spi[1]);
	spi_driver_wait_echo(&b->spi[1], 10, 1);
	spi_driver_start(&b->spi[0], BENCH_PACKED);
	spi_driver_check_id(&b->spi[0]);
	spi_driver_check_id(&b->spi[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(guest_sees_split_rings_by_default),
		BENCH_TEST(guest_sees_packed_rings_alone_when_asked_for),
		BENCH_TEST(guest_sees_all_that_is_asked_for),
		BENCH_TEST(guest_reads_the_config_when_in_any_width),
		BENCH_TEST(transfers_work_when_rings_are_of_each_kind),
		BENCH_TEST(transfers_work_when_rings_go_round),
		BENCH_TEST(all_requests_complete_when_the_queue_is_deep),
		BENCH_TEST(ring_resumes_when_qemu_stops_and_continues),
		BENCH_TEST(request_waits_when_it_was_added_while_stopped),
		BENCH_TEST(device_works_when_reset_again_and_again),
		BENCH_TEST(device_works_when_the_machine_was_reset),
		BENCH_TEST(both_devices_work_when_one_qemu_has_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
