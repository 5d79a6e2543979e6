// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/test.h"
#include "tests/qtest/spi_driver.h"

#include <string.h>

#include "tests/lib/process.h"
#include "tests/lib/daemon/rig.h"
#include "virtio/spi/spi_wire.h"
#include "virtio/ring/virtio_wire.h"

/* Where the parts of a request are in its buffer */
#define BUFFER_BYTES 0x2000
#define TX_AT	     0x40
#define RX_AT	     0x1000
#define STATUS_AT    0x1fff

#define HEAD_BYTES   ((uint32_t)sizeof(struct virtio_spi_wire_head))

void spi_driver_open(struct spi_driver *d, struct qtest *qt, unsigned int slot,
		     uint64_t memory)
{
	*d = (struct spi_driver){
		.memory = memory,
		.buffers = memory + DRIVER_RING_BYTES,
	};
	virtio_pci_open(&d->pci, qt, slot, VIRTIO_ID_SPI);
}

void spi_driver_prepare(struct spi_driver *d, uint64_t features)
{
	uint16_t size;
	uint8_t status;

	features |= VIRTIO_BIT(VIRTIO_F_VERSION_1);
	assert_int_equal(features & ~virtio_pci_features(&d->pci), 0);
	/* As Linux does; QEMU insists on it, with or without an IOMMU. */
	features |= virtio_pci_features(&d->pci) &
		    VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM);
	status = virtio_pci_negotiate(&d->pci, features);
	assert_true(status & VIRTIO_FEATURES_OK);
	size = virtio_pci_queue_size(&d->pci);
	if (d->max_size && size > d->max_size)
		size = d->max_size;
	driver_ring_init(&d->ring, d->pci.qt, d->memory, size, features);
	d->ring.shift = d->shift;
}

void spi_driver_go(struct spi_driver *d)
{
	struct virtio_pci_queue queue = d->ring.queue;

	queue.desc += d->shift;
	queue.driver += d->shift;
	queue.device += d->shift;
	virtio_pci_set_queue(&d->pci, &queue);
	virtio_pci_go(&d->pci);
}

void spi_driver_start(struct spi_driver *d, uint64_t features)
{
	spi_driver_prepare(d, features);
	spi_driver_go(d);
}

/* Where the driver puts the buffer that it adds next. */
static uint64_t buffer_of(const struct spi_driver *d, uint16_t id)
{
	return d->buffers + (uint64_t)id * BUFFER_BYTES;
}

uint16_t spi_driver_add(struct spi_driver *d,
			const struct spi_driver_request *request)
{
	uint16_t id = driver_ring_next_id(&d->ring);
	uint64_t at = buffer_of(d, id);
	struct virtio_spi_wire_head head = rig_head(request->cs);
	struct driver_segment segments[DRIVER_RING_CHAIN];
	uint8_t count = 0;

	assert_in_range(request->tx_len, 0, SPI_DRIVER_MAX_LEN);
	assert_in_range(request->rx_len, 0, SPI_DRIVER_MAX_LEN);
	head.cs_change = request->cs_change;
	qtest_write(d->pci.qt, at, &head, sizeof(head));
	qtest_write(d->pci.qt, at + TX_AT, request->tx, request->tx_len);
	qtest_memset(d->pci.qt, at + RX_AT, SPI_DRIVER_UNWRITTEN,
		     BUFFER_BYTES - RX_AT);

	segments[count++] = (struct driver_segment){ at, HEAD_BYTES, false };
	if (request->tx_len)
		segments[count++] = (struct driver_segment){ at + TX_AT,
							     request->tx_len,
							     false };
	if (request->rx_len)
		segments[count++] = (struct driver_segment){ at + RX_AT,
							     request->rx_len,
							     true };
	segments[count++] = (struct driver_segment){ at + STATUS_AT, 1, true };
	d->pending[id].tx_len = request->tx_len;
	d->pending[id].rx_len = request->rx_len;
	driver_ring_want_interrupt(&d->ring);
	return driver_ring_add(&d->ring, segments, count);
}

void spi_driver_kick(struct spi_driver *d)
{
	virtio_pci_kick(&d->pci);
}

/* An interrupt, which may be that of a buffer before. */
static void wait_interrupt(struct spi_driver *d, int64_t deadline)
{
	while (!(virtio_pci_isr(&d->pci) & VIRTIO_ISR_QUEUE)) {
		if (process_now_ms() > deadline)
			qtest_fail(d->pci.qt, "no interrupt");
		process_sleep_ms(1);
	}
}

void spi_driver_wait(struct spi_driver *d, struct spi_driver_result *result)
{
	int64_t deadline = process_now_ms() + QTEST_MS;
	uint64_t at;
	uint32_t len;
	uint16_t id;

	driver_ring_want_interrupt(&d->ring);
	while (!driver_ring_take(&d->ring, &id, &len))
		wait_interrupt(d, deadline);
	if (!result)
		return;
	at = buffer_of(d, id);
	result->used_len = len;
	result->status = (uint8_t)qtest_load(d->pci.qt, at + STATUS_AT, 1);
	qtest_read(d->pci.qt, at + RX_AT, result->rx, d->pending[id].rx_len);
}

void spi_driver_transfer(struct spi_driver *d,
			 const struct spi_driver_request *request,
			 struct spi_driver_result *result)
{
	spi_driver_add(d, request);
	spi_driver_kick(d);
	spi_driver_wait(d, result);
}

void spi_driver_add_echo(struct spi_driver *d, uint32_t len, uint32_t seed)
{
	uint8_t tx[SPI_DRIVER_MAX_LEN];
	struct spi_driver_request request = {
		.cs = SPI_DRIVER_ECHO,
		.cs_change = 1,
		.tx = tx,
		.tx_len = len,
		.rx_len = len,
	};

	rig_pattern(tx, len, seed);
	spi_driver_add(d, &request);
}

void spi_driver_wait_echo(struct spi_driver *d, uint32_t len, uint32_t seed)
{
	uint8_t tx[SPI_DRIVER_MAX_LEN];
	struct spi_driver_result result;

	spi_driver_wait(d, &result);
	rig_pattern(tx, len, seed);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(result.used_len, len + 1);
	assert_memory_equal(result.rx, tx, len);
}

void spi_driver_check_echo(struct spi_driver *d, uint32_t len, uint32_t seed)
{
	spi_driver_add_echo(d, len, seed);
	spi_driver_kick(d);
	spi_driver_wait_echo(d, len, seed);
}

/* Two requests, the second without a byte to send: spi_write_then_read(). */
void spi_driver_check_id(struct spi_driver *d)
{
	static const uint8_t read_id = 0x9f;
	static const uint8_t id[] = SPI_DRIVER_CHIP_ID;
	struct spi_driver_request command = {
		.cs = SPI_DRIVER_CHIP,
		.tx = &read_id,
		.tx_len = 1,
	};
	struct spi_driver_request answer = {
		.cs = SPI_DRIVER_CHIP,
		.rx_len = sizeof(id),
	};
	struct spi_driver_result result;

	spi_driver_transfer(d, &command, &result);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(result.used_len, 1);
	spi_driver_transfer(d, &answer, &result);
	assert_int_equal(result.status, VIRTIO_SPI_TRANS_OK);
	assert_int_equal(result.used_len, sizeof(id) + 1);
	assert_memory_equal(result.rx, id, sizeof(id));
}
