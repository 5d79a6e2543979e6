// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#include "tests/lib/test.h"
#include "tests/qtest/virtio_pci.h"

#define PCI_PORT_ADDRESS   0xcf8
#define PCI_PORT_DATA	   0xcfc

#define PCI_COMMAND	   0x04
#define PCI_BAR0	   0x10
#define PCI_CAPABILITIES   0x34

#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u
#define PCI_BAR_IS_64	   4u
#define PCI_CAP_VENDOR	   9

#define VIRTIO_VENDOR	   0x1af4u
#define VIRTIO_DEVICE_BASE 0x1040u

/* Below 4 GiB, above RAM, where a firmware would put it */
#define BAR_AREA      UINT64_C(0xe0000000)
#define BAR_SPACING   UINT64_C(0x100000)
#define BARS_PER_SLOT 6

/* cfg_type of struct virtio_pci_cap (4.1.4) */
#define CAP_COMMON 1
#define CAP_NOTIFY 2
#define CAP_ISR	   3
#define CAP_DEVICE 4

/* struct virtio_pci_common_cfg (4.1.4.3) */
#define DEVICE_FEATURE_SEL 0x00
#define DEVICE_FEATURE	   0x04
#define DRIVER_FEATURE_SEL 0x08
#define DRIVER_FEATURE	   0x0c
#define DEVICE_STATUS	   0x14
#define QUEUE_SELECT	   0x16
#define QUEUE_SIZE	   0x18
#define QUEUE_ENABLE	   0x1c
#define QUEUE_NOTIFY_OFF   0x1e
#define QUEUE_DESC	   0x20
#define QUEUE_DRIVER	   0x28
#define QUEUE_DEVICE	   0x30

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER	   2u
#define STATUS_DRIVER_OK   4u

/* A read of the PCI configuration space, of 4 bytes */
static uint32_t pci_read(struct qtest *qt, unsigned int slot, uint8_t offset)
{
	qtest_outl(qt, PCI_PORT_ADDRESS, 1u << 31 | slot << 11 | offset);
	return qtest_inl(qt, PCI_PORT_DATA);
}

static void pci_write(struct qtest *qt, unsigned int slot, uint8_t offset,
		      uint32_t value)
{
	qtest_outl(qt, PCI_PORT_ADDRESS, 1u << 31 | slot << 11 | offset);
	qtest_outl(qt, PCI_PORT_DATA, value);
}

bool virtio_pci_is_there(struct qtest *qt, unsigned int slot)
{
	return pci_read(qt, slot, 0) != UINT32_MAX;
}

/* The address of a BAR, which gets one if it has none yet. */
static uint64_t map_bar(struct virtio_pci *dev, unsigned int bar)
{
	uint64_t at =
		BAR_AREA + (dev->slot * BARS_PER_SLOT + bar) * BAR_SPACING;
	uint8_t offset = (uint8_t)(PCI_BAR0 + 4 * bar);

	assert_true(bar < BARS_PER_SLOT);
	if (dev->mapped_bars & 1u << bar)
		return at;
	dev->mapped_bars |= 1u << bar;
	if (pci_read(dev->qt, dev->slot, offset) & PCI_BAR_IS_64)
		pci_write(dev->qt, dev->slot, (uint8_t)(offset + 4), 0);
	pci_write(dev->qt, dev->slot, offset, (uint32_t)at);
	return at;
}

/* A struct virtio_pci_cap at @cap (4.1.4): the first of a kind counts. */
static void take_capability(struct virtio_pci *dev, uint8_t cap)
{
	uint64_t *places[] = {
		[CAP_COMMON] = &dev->common,
		[CAP_NOTIFY] = &dev->notify,
		[CAP_ISR] = &dev->isr,
		[CAP_DEVICE] = &dev->config,
	};
	uint32_t kind = pci_read(dev->qt, dev->slot, cap) >> 24;
	uint32_t bar = pci_read(dev->qt, dev->slot, (uint8_t)(cap + 4)) & 0xff;
	uint32_t offset = pci_read(dev->qt, dev->slot, (uint8_t)(cap + 8));

	if (kind < CAP_COMMON || kind > CAP_DEVICE || *places[kind])
		return;
	*places[kind] = map_bar(dev, bar) + offset;
	if (kind == CAP_NOTIFY)
		dev->notify_step =
			pci_read(dev->qt, dev->slot, (uint8_t)(cap + 16));
}

void virtio_pci_open(struct virtio_pci *dev, struct qtest *qt,
		     unsigned int slot, uint16_t virtio_id)
{
	uint8_t cap;

	*dev = (struct virtio_pci){ .qt = qt, .slot = slot };
	assert_int_equal(pci_read(qt, slot, 0), (VIRTIO_DEVICE_BASE + virtio_id)
								<< 16 |
							VIRTIO_VENDOR);
	cap = pci_read(qt, slot, PCI_CAPABILITIES) & 0xfc;
	while (cap) {
		uint32_t head = pci_read(qt, slot, cap);

		if ((head & 0xff) == PCI_CAP_VENDOR)
			take_capability(dev, cap);
		cap = head >> 8 & 0xfc;
	}
	assert_true(dev->common && dev->notify && dev->isr && dev->config);
	pci_write(qt, slot, PCI_COMMAND,
		  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void set(struct virtio_pci *dev, uint32_t offset, unsigned int size,
		uint64_t value)
{
	qtest_store(dev->qt, dev->common + offset, size, value);
}

static uint64_t get(struct virtio_pci *dev, uint32_t offset, unsigned int size)
{
	return qtest_load(dev->qt, dev->common + offset, size);
}

/* Drivers write 64-bit fields as two halves (4.1.3.1). */
static void set_address(struct virtio_pci *dev, uint32_t offset, uint64_t addr)
{
	set(dev, offset, 4, (uint32_t)addr);
	set(dev, offset + 4, 4, addr >> 32);
}

static void add_status(struct virtio_pci *dev, uint8_t bits)
{
	set(dev, DEVICE_STATUS, 1, get(dev, DEVICE_STATUS, 1) | bits);
}

void virtio_pci_reset(struct virtio_pci *dev)
{
	set(dev, DEVICE_STATUS, 1, 0);
	assert_int_equal(get(dev, DEVICE_STATUS, 1), 0);
}

uint64_t virtio_pci_features(struct virtio_pci *dev)
{
	uint64_t features;

	set(dev, DEVICE_FEATURE_SEL, 4, 1);
	features = get(dev, DEVICE_FEATURE, 4) << 32;
	set(dev, DEVICE_FEATURE_SEL, 4, 0);
	return features | get(dev, DEVICE_FEATURE, 4);
}

uint8_t virtio_pci_negotiate(struct virtio_pci *dev, uint64_t wanted)
{
	uint64_t features = wanted & virtio_pci_features(dev);

	virtio_pci_reset(dev);
	add_status(dev, STATUS_ACKNOWLEDGE);
	add_status(dev, STATUS_DRIVER);
	set(dev, DRIVER_FEATURE_SEL, 4, 0);
	set(dev, DRIVER_FEATURE, 4, (uint32_t)features);
	set(dev, DRIVER_FEATURE_SEL, 4, 1);
	set(dev, DRIVER_FEATURE, 4, features >> 32);
	add_status(dev, VIRTIO_FEATURES_OK);
	return (uint8_t)get(dev, DEVICE_STATUS, 1);
}

uint16_t virtio_pci_queue_size(struct virtio_pci *dev)
{
	set(dev, QUEUE_SELECT, 2, 0);
	return (uint16_t)get(dev, QUEUE_SIZE, 2);
}

void virtio_pci_set_queue(struct virtio_pci *dev,
			  const struct virtio_pci_queue *queue)
{
	set(dev, QUEUE_SELECT, 2, 0);
	set(dev, QUEUE_SIZE, 2, queue->size);
	set_address(dev, QUEUE_DESC, queue->desc);
	set_address(dev, QUEUE_DRIVER, queue->driver);
	set_address(dev, QUEUE_DEVICE, queue->device);
	set(dev, QUEUE_ENABLE, 2, 1);
}

void virtio_pci_go(struct virtio_pci *dev)
{
	add_status(dev, STATUS_DRIVER_OK);
}

void virtio_pci_kick(struct virtio_pci *dev)
{
	uint64_t offset = get(dev, QUEUE_NOTIFY_OFF, 2) * dev->notify_step;

	qtest_store(dev->qt, dev->notify + offset, 2, 0);
}

uint8_t virtio_pci_isr(struct virtio_pci *dev)
{
	return (uint8_t)qtest_load(dev->qt, dev->isr, 1);
}

uint32_t virtio_pci_config(struct virtio_pci *dev, uint32_t offset,
			   unsigned int size)
{
	return (uint32_t)qtest_load(dev->qt, dev->config + offset, size);
}

void virtio_pci_set_config(struct virtio_pci *dev, uint32_t offset,
			   unsigned int size, uint32_t value)
{
	qtest_store(dev->qt, dev->config + offset, size, value);
}
