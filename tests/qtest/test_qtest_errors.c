// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/*
 * The daemon with QEMU's own front end, when a driver breaks the rules or
 * QEMU goes away. Whatever happens, neither may take the other down, and a
 * reset of the device puts all right.
 */
#include <errno.h>

#include "tests/lib/process.h"
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"
#include "virtio/spi/spi_wire.h"

/* No RAM, no device */
#define NOWHERE	 UINT64_C(0xa0000000)
#define FAR_AWAY UINT64_C(0xffffffffffff0000)

/* The BAR of the first device, see virtio_pci.c: memory, but of no file */
#define A_REGISTER (spi->pci.common & ~UINT64_C(0xfff))

/* Time for something that should not happen */
#define GRACE_MS 50

/* QEMU and the daemon live, and the device works after a reset. */
static void check_recovery(struct bench *b)
{
	qtest_check_running(&b->qemu[0]);
	daemon_check_alive(&b->daemon);
	spi_driver_start(&b->spi[0], BENCH_SPLIT);
	spi_driver_check_id(&b->spi[0]);
	spi_driver_start(&b->spi[0], BENCH_PACKED);
	spi_driver_check_echo(&b->spi[0], 100, 1);
}

/* Nothing is used, now and a little later. */
static void check_silence(struct spi_driver *spi)
{
	uint32_t len;
	uint16_t id;

	process_sleep_ms(GRACE_MS);
	assert_false(driver_ring_take(&spi->ring, &id, &len));
}

static void config_stays_when_the_guest_writes_it(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);
	uint32_t max_number = virtio_pci_config(&spi->pci, 0, 1);

	for (uint32_t at = 0; at < 32; at += 4) {
		uint32_t before = virtio_pci_config(&spi->pci, at, 4);

		virtio_pci_set_config(&spi->pci, at, 4, ~before);
		assert_int_equal(virtio_pci_config(&spi->pci, at, 4), before);
	}
	virtio_pci_set_config(&spi->pci, 0, 1, 99);
	assert_int_equal(virtio_pci_config(&spi->pci, 0, 1), max_number);
	spi_driver_check_id(spi);
	check_recovery(*state);
}

static void device_recovers_when_ring_addresses_are_bad(void **state)
{
	static const uint64_t kinds[] = { BENCH_SPLIT, BENCH_PACKED };
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);
	const uint64_t bad[] = {
		NOWHERE,
		FAR_AWAY,
		A_REGISTER,
		QTEST_RAM_MIB * UINT64_C(0x100000) - 16, /* sticks out */
		spi->memory + 1,			 /* unaligned */
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad) * 6; i++) {
		struct virtio_pci_queue *queue = &spi->ring.queue;
		uint64_t *const areas[] = { &queue->desc, &queue->driver,
					    &queue->device };

		spi_driver_prepare(spi, kinds[i % 2]);
		*areas[i / 2 % 3] = bad[i / 6];
		spi_driver_go(spi);
		spi_driver_kick(spi);
		check_recovery(*state);
	}
}

static void device_recovers_when_the_ring_size_is_bad(void **state)
{
	static const uint16_t sizes[] = { 3, 1024, 32768, 65535 };
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);

	for (unsigned int i = 0; i < 4; i++) {
		spi_driver_prepare(spi, BENCH_SPLIT);
		spi->ring.queue.size = sizes[i];
		spi_driver_go(spi);
		spi_driver_kick(spi);
		check_recovery(*state);
	}
}

/* Breaks what driver_ring has made of one request, and offers it. The
 * available ring is 0x2000 behind the descriptors: see driver_ring.c. */
static void offer_broken(struct spi_driver *spi, uint32_t offset,
			 unsigned int size, uint64_t value)
{
	uint64_t desc = spi->ring.queue.desc;

	spi_driver_prepare(spi, BENCH_SPLIT);
	spi_driver_add_echo(spi, 64, 1);
	qtest_store(spi->pci.qt, desc + offset, size, value);
	spi_driver_go(spi);
	spi_driver_kick(spi);
}

static void device_recovers_when_descriptors_are_bad(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);
	const struct {
		uint32_t offset; /* from the descriptor table */
		unsigned int size;
		uint64_t value;
	} wrong[] = {
		{ 0, 8, NOWHERE },	   /* address of the head */
		{ 0, 8, FAR_AWAY },	   /* ... wraps round */
		{ 32, 8, A_REGISTER },	   /* of rx: not memory of a file */
		{ 48, 8, NOWHERE },	   /* of the status */
		{ 8, 4, UINT32_MAX },	   /* length of the head */
		{ 14, 2, 0 },		   /* next: itself */
		{ 14, 2, 4 },		   /* ... the first that is none */
		{ 12, 2, 4 },		   /* the head is a table, it says */
		{ 0x2000 + 2, 2, 5 },	   /* 5 available in a ring of 4 */
		{ 0x2000 + 2, 2, 0xffff }, /* the index goes backwards */
		{ 0x2000 + 4, 2, 4 },	   /* head of a chain: the same */
		{ 0x2000 + 4, 2, 0xffff },
	};

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		offer_broken(spi, wrong[i].offset, wrong[i].size,
			     wrong[i].value);
		process_sleep_ms(GRACE_MS);
		check_recovery(*state);
	}
}

static void request_is_refused_when_it_is_no_spi_request(void **state)
{
	static const uint64_t kinds[] = { BENCH_SPLIT, BENCH_PACKED };
	static const uint8_t tx[8];
	static const struct spi_driver_request bad[] = {
		{ .cs = 2, .tx = tx, .tx_len = 1 }, /* there are two chips */
		{ .tx = tx, .tx_len = 2, .rx_len = 3 },
	};
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);

	for (unsigned int i = 0; i < 2; i++) {
		spi_driver_start(spi, kinds[i]);
		for (unsigned int n = 0; n < 2; n++) {
			struct spi_driver_result result;

			spi_driver_transfer(spi, &bad[n], &result);
			assert_int_equal(result.status, VIRTIO_SPI_PARAM_ERR);
			assert_int_equal(result.used_len, bad[n].rx_len + 1);
			/* The next one is none the worse for it. */
			spi_driver_check_id(spi);
		}
	}
}

/* QEMU passes on what the driver acknowledges, and nothing else. */
static void device_recovers_when_nothing_is_negotiated(void **state)
{
	struct spi_driver *spi = bench_start(state, BENCH_SPLIT);

	virtio_pci_negotiate(&spi->pci, 0);
	spi_driver_go(spi);
	spi_driver_kick(spi);
	check_silence(spi);
	/* No negotiation at all, and a kick of a device that is not ready. */
	virtio_pci_reset(&spi->pci);
	spi_driver_kick(spi);
	spi_driver_go(spi);
	spi_driver_kick(spi);
	check_silence(spi);
	check_recovery(*state);
}

static void next_qemu_is_served_when_one_was_killed(void **state)
{
	static const struct bench_machine deep = {
		.device = BENCH_DEEP_DEVICE,
	};
	struct bench *b = bench_open(state);
	struct spi_driver *spi = &b->spi[0];
	unsigned int fds = 0;

	for (unsigned int round = 0; round < 6; round++) {
		bench_boot(b, &deep);
		spi_driver_start(spi, round % 2 ? BENCH_PACKED : BENCH_SPLIT);
		spi_driver_check_id(spi);
		for (uint32_t i = 0; i < 60; i++)
			spi_driver_add_echo(spi, SPI_DRIVER_MAX_LEN, i);
		/* Without leaks every round has the same. */
		if (round == 1)
			fds = daemon_fds(&b->daemon);
		if (round > 1)
			assert_int_equal(daemon_fds(&b->daemon), fds);
		spi_driver_kick(spi);
		qtest_kill(&b->qemu[0]);
		daemon_check_alive(&b->daemon);
	}
	bench_boot(b, &deep);
	check_recovery(b);
}

static void second_qemu_ends_when_the_socket_is_busy(void **state)
{
	static const struct bench_machine second = { .number = 1 };
	struct spi_driver *spi = bench_start(state, BENCH_PACKED);
	struct bench *b = *state;

	spi_driver_add_echo(spi, 50, 1);
	assert_int_equal(bench_try_boot(b, &second), -ECHILD);
	assert_int_equal(qtest_stop(&b->qemu[1]), 1);
	/* The first one has not noticed. */
	spi_driver_kick(spi);
	spi_driver_wait_echo(spi, 50, 1);
	check_recovery(b);
}

/* The same QEMU, the other socket: who is who must not get mixed up. */
static void second_qemu_works_when_on_the_other_socket(void **state)
{
	static const struct bench_machine second = { .number = 1, .socket = 1 };
	struct spi_driver *spi = bench_start(state, BENCH_PACKED);
	struct bench *b = *state;

	for (unsigned int round = 0; round < 3; round++) {
		spi_driver_check_id(spi);
		bench_boot(b, &second);
		spi_driver_start(&b->spi[1], BENCH_SPLIT);
		spi_driver_check_id(&b->spi[1]);
		spi_driver_add_echo(&b->spi[1], 500, 1);
		spi_driver_kick(&b->spi[1]);
		qtest_kill(&b->qemu[1]);
		spi_driver_check_id(spi);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(config_stays_when_the_guest_writes_it),
		BENCH_TEST(device_recovers_when_ring_addresses_are_bad),
		BENCH_TEST(device_recovers_when_the_ring_size_is_bad),
		BENCH_TEST(device_recovers_when_descriptors_are_bad),
		BENCH_TEST(request_is_refused_when_it_is_no_spi_request),
		BENCH_TEST(device_recovers_when_nothing_is_negotiated),
		BENCH_TEST(next_qemu_is_served_when_one_was_killed),
		BENCH_TEST(second_qemu_ends_when_the_socket_is_busy),
		BENCH_TEST(second_qemu_works_when_on_the_other_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
