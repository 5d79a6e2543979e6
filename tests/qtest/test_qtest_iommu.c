// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
/* QEMU's front end, and its IOMMU before the device. */
#include <errno.h>
#include <string.h>

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "tests/qtest/bench.h"
#include "tests/qtest/vtd.h"

#define FROM (UINT64_C(1) << 30) /* driver's addresses: not in memory */
#define RW   (VTD_READ | VTD_WRITE)

/* A page apart: not of the driver's memory */
#define OTHER_PAGE UINT64_C(0x3000000)

/* In the buffers of spi_driver.c: the first one's parts */
#define TX_PAGE(spi) ((spi)->buffers + (spi)->shift)
#define RX_PAGE(spi) ((spi)->buffers + (spi)->shift + VTD_PAGE)

static const uint64_t ring_kinds[] = {
	BENCH_SPLIT,
	BENCH_SPLIT | BENCH_EVENT_IDX | BENCH_INDIRECT,
	BENCH_PACKED,
	BENCH_PACKED | BENCH_EVENT_IDX | BENCH_INDIRECT,
};
#define RING_KINDS (sizeof(ring_kinds) / sizeof(ring_kinds[0]))

static const char *const iommu[] = { "-device", "intel-iommu", NULL };

/* What the daemon has to offer for that */
static const char *const with_iommu[] = { BENCH_DEVICES, RIG_WITH_PACKED,
					  RIG_WITH_IOMMU, NULL };

static const struct bench_machine behind = {
	.args = iommu,
	.device = "vhost-user-spi-pci,iommu_platform=on",
};
static const struct bench_machine deep = {
	.args = iommu,
	.device = BENCH_DEEP_DEVICE ",iommu_platform=on",
};
/* All of the driver's memory is mapped, page by page, the wrong way round. */
static struct spi_driver *boot(void **state, struct vtd *vtd,
			       const struct bench_machine *machine)
{
	struct bench *b = bench_open_with(state, with_iommu);
	struct spi_driver *spi = &b->spi[0];

	bench_boot(b, machine);
	spi->shift = FROM - spi->memory;
	vtd_open(vtd, spi->pci.qt, BENCH_PCI_SLOT(0), FROM);
	vtd_map(vtd, FROM, spi->memory, SPI_DRIVER_BYTES, RW);
	return spi;
}

static void each_kind_of_ring(struct spi_driver *spi)
{
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < RING_KINDS; i++) {
			spi_driver_start(spi, ring_kinds[i]);
			spi_driver_check_id(spi);
			for (uint32_t k = 0; k < 20; k++)
				spi_driver_check_echo(
					spi, SPI_DRIVER_MAX_LEN - k, k);
		}
	}
}

static void transfers_work_when_translated(void **state)
{
	struct vtd vtd;

	each_kind_of_ring(boot(state, &vtd, &behind));
}

/*
 * QEMU speaks of translations even so, but all addresses are the guest's: the
 * device is not behind the IOMMU, whatever that does.
 */
static void transfers_work_when_nobody_asked_for_the_iommu(void **state)
{
	static const struct bench_machine machine = { .args = iommu };
	struct bench *b = bench_open_with(state, with_iommu);
	struct vtd vtd;

	bench_boot(b, &machine);
	each_kind_of_ring(&b->spi[0]);
	vtd_open(&vtd, b->spi[0].pci.qt, BENCH_PCI_SLOT(0), FROM);
	each_kind_of_ring(&b->spi[0]);
}

/*
 * By default. Of drivers that do not know the feature, as Zephyr's, QEMU takes
 * none if it is offered.
 */
static void simple_driver_works_when_the_feature_is_not_offered(void **state)
{
	static const char *const args[] = { BENCH_DEVICES, NULL };
	struct bench *b = bench_open_with(state, args);
	struct spi_driver *spi = &b->spi[0];

	bench_boot(b, &(struct bench_machine){ .args = iommu });
	assert_false(virtio_pci_features(&spi->pci) &
		     VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM));
	spi_driver_start(spi, BENCH_SPLIT);
	spi_driver_check_echo(spi, 100, 1);
}

static void all_requests_complete_when_the_queue_is_deep(void **state)
{
	struct vtd vtd;
	struct spi_driver *spi = boot(state, &vtd, &deep);

	for (unsigned int i = 0; i < RING_KINDS; i++) {
		uint16_t room;

		spi_driver_start(spi, ring_kinds[i]);
		room = driver_ring_room(&spi->ring);
		for (unsigned int round = 0; round < 3; round++) {
			for (uint32_t k = 0; k < room; k++)
				spi_driver_add_echo(spi, 100 + k, k);
			spi_driver_kick(spi);
			for (uint32_t k = 0; k < room; k++)
				spi_driver_wait_echo(spi, 100 + k, k);
			vtd_invalidate_all(&vtd);
		}
	}
}

/* Drivers use an address again for another buffer. */
static void remapped_page_is_found_where_it_is(void **state)
{
	struct vtd vtd;
	struct spi_driver *spi = boot(state, &vtd, &behind);
	struct qtest *qt = spi->pci.qt;

	for (unsigned int i = 0; i < RING_KINDS; i++) {
		uint64_t tx = TX_PAGE(spi);
		uint8_t page[VTD_PAGE];

		spi_driver_start(spi, ring_kinds[i]);
		spi_driver_check_echo(spi, 100, 1);
		while (driver_ring_next_id(&spi->ring))
			spi_driver_check_echo(spi, 100, 1);
		/* The same request in another page; the first page is void */
		spi_driver_add_echo(spi, 100, 2);
		qtest_read(qt, spi->buffers, page, sizeof(page));
		qtest_write(qt, OTHER_PAGE, page, sizeof(page));
		qtest_memset(qt, spi->buffers, 0xff, sizeof(page));
		vtd_map(&vtd, tx, OTHER_PAGE, VTD_PAGE, VTD_READ);
		vtd_invalidate(&vtd, tx);
		spi_driver_kick(spi);
		spi_driver_wait_echo(spi, 100, 2);
		vtd_map(&vtd, tx, tx - spi->shift, VTD_PAGE, RW);
		vtd_invalidate(&vtd, tx);
	}
}

static void failed(struct spi_driver *spi, uint8_t status, uint32_t used_len)
{
	struct spi_driver_result result;

	spi_driver_add_echo(spi, 100, 2);
	spi_driver_kick(spi);
	spi_driver_wait(spi, &result);
	assert_int_equal(result.status, status);
	assert_int_equal(result.used_len, used_len);
}

/* QEMU has no answer for it. */
static void request_fails_when_its_page_is_not_mapped(void **state)
{
	struct vtd vtd;
	struct spi_driver *spi = boot(state, &vtd, &behind);
	uint64_t tx = TX_PAGE(spi), rx = RX_PAGE(spi);

	for (unsigned int i = 0; i < RING_KINDS; i += 2) {
		spi_driver_start(spi, ring_kinds[i]);
		spi_driver_check_echo(spi, 100, 1);
		while (driver_ring_next_id(&spi->ring))
			spi_driver_check_echo(spi, 100, 1);
		vtd_map(&vtd, tx, 0, VTD_PAGE, 0);
		vtd_invalidate(&vtd, tx);
		failed(spi, VIRTIO_SPI_TRANS_ERR, 101);
		vtd_map(&vtd, tx, tx - spi->shift, VTD_PAGE, RW);
		while (driver_ring_next_id(&spi->ring))
			spi_driver_check_echo(spi, 100, 1);
		/* Not to be written: neither data nor status */
		vtd_map(&vtd, rx, rx - spi->shift, VTD_PAGE, VTD_READ);
		vtd_invalidate(&vtd, rx);
		failed(spi, SPI_DRIVER_UNWRITTEN, 0);
		vtd_map(&vtd, rx, rx - spi->shift, VTD_PAGE, RW);
		spi_driver_check_id(spi);
	}
}

static void ring_resumes_when_qemu_stops_and_continues(void **state)
{
	struct vtd vtd;
	struct spi_driver *spi = boot(state, &vtd, &behind);

	for (unsigned int i = 0; i < RING_KINDS; i++) {
		spi_driver_start(spi, ring_kinds[i]);
		for (uint32_t k = 0; k < 5; k++) {
			spi_driver_check_echo(spi, 300, k);
			qtest_execute(spi->pci.qt, "stop");
			if (k & 1)
				spi_driver_add_echo(spi, 200, k);
			qtest_execute(spi->pci.qt, "cont");
			if (!(k & 1))
				continue;
			spi_driver_kick(spi);
			spi_driver_wait_echo(spi, 200, k);
		}
	}
}

/* The addresses change their meaning while everything runs. */
static void all_is_asked_for_again_when_invalidated(void **state)
{
	struct vtd vtd;
	struct spi_driver *spi = boot(state, &vtd, &behind);

	for (unsigned int i = 0; i < RING_KINDS; i++) {
		spi_driver_start(spi, ring_kinds[i]);
		for (uint32_t k = 0; k < 50; k++) {
			spi_driver_add_echo(spi, SPI_DRIVER_MAX_LEN, k);
			spi_driver_kick(spi);
			if (k & 1)
				vtd_invalidate_all(&vtd);
			else
				vtd_invalidate(&vtd, RX_PAGE(spi));
			spi_driver_wait_echo(spi, SPI_DRIVER_MAX_LEN, k);
		}
		vtd_invalidate_all(&vtd);
		spi_driver_check_id(spi);
	}
}

/* There is none, and yet the driver may be asked to go through it. */
static void transfers_work_when_there_is_no_iommu(void **state)
{
	static const struct bench_machine machine = {
		.device = "vhost-user-spi-pci,iommu_platform=on",
	};
	struct bench *b = bench_open_with(state, with_iommu);

	bench_boot(b, &machine);
	each_kind_of_ring(&b->spi[0]);
}

static void qemu_ends_when_the_feature_is_not_offered(void **state)
{
	static const char *const args[] = { BENCH_DEVICES, NULL };
	struct bench *b = bench_open_with(state, args);

	assert_int_equal(bench_try_boot(b, &behind), -ECHILD);
	assert_non_null(strstr(qtest_log(&b->qemu[0]),
			       "iommu_platform=true is not supported by the "
			       "device"));
	assert_int_equal(qtest_stop(&b->qemu[0]), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(transfers_work_when_translated),
		BENCH_TEST(transfers_work_when_nobody_asked_for_the_iommu),
		BENCH_TEST(simple_driver_works_when_the_feature_is_not_offered),
		BENCH_TEST(qemu_ends_when_the_feature_is_not_offered),
		BENCH_TEST(all_requests_complete_when_the_queue_is_deep),
		BENCH_TEST(remapped_page_is_found_where_it_is),
		BENCH_TEST(request_fails_when_its_page_is_not_mapped),
		BENCH_TEST(ring_resumes_when_qemu_stops_and_continues),
		BENCH_TEST(all_is_asked_for_again_when_invalidated),
		BENCH_TEST(transfers_work_when_there_is_no_iommu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
