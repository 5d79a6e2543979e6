/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A virtio device on QEMU's PCI bus 0, from the driver's side: virtio 1.4,
 * section 4.1, without legacy and MSI-X. Errors fail the running test.
 */
#ifndef TESTS_QTEST_VIRTIO_PCI_H
#define TESTS_QTEST_VIRTIO_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/qtest/qtest.h"

#define VIRTIO_BIT(n)	   (UINT64_C(1) << (n))

#define VIRTIO_ISR_QUEUE   1u
#define VIRTIO_ISR_CONFIG  2u

#define VIRTIO_FEATURES_OK 8u

struct virtio_pci {
	struct qtest *qt;
	unsigned int slot; /* on bus 0 */
	/* Addresses of the four structures; 0: not found */
	uint64_t common;
	uint64_t notify;
	uint64_t isr;
	uint64_t config;
	uint32_t notify_step;
	unsigned int mapped_bars; /* one bit each */
};

/* What a driver tells the device of queue 0. */
struct virtio_pci_queue {
	uint16_t size;
	uint64_t desc;
	uint64_t driver;
	uint64_t device;
};

/* Returns true if there is a device in this slot of bus 0. */
bool virtio_pci_is_there(struct qtest *qt, unsigned int slot);

/*
 * Finds the virtio device of type @virtio_id in @slot and makes its registers
 * appear in memory. To be done again after a reset of the machine.
 */
void virtio_pci_open(struct virtio_pci *dev, struct qtest *qt,
		     unsigned int slot, uint16_t virtio_id);

/* Resets the device. */
void virtio_pci_reset(struct virtio_pci *dev);

/* What it offers */
uint64_t virtio_pci_features(struct virtio_pci *dev);

/*
 * Resets it and goes through negotiation up to FEATURES_OK, with what is both
 * offered and @wanted. Returns the status, which lacks VIRTIO_FEATURES_OK if
 * the device does not agree.
 */
uint8_t virtio_pci_negotiate(struct virtio_pci *dev, uint64_t wanted);

/* The largest size of queue 0 */
uint16_t virtio_pci_queue_size(struct virtio_pci *dev);

/* Sets queue 0 up and enables it. */
void virtio_pci_set_queue(struct virtio_pci *dev,
			  const struct virtio_pci_queue *queue);

/* DRIVER_OK */
void virtio_pci_go(struct virtio_pci *dev);

/* Notifies the device of queue 0. */
void virtio_pci_kick(struct virtio_pci *dev);

/* Reads, and by that clears, the interrupt status. */
uint8_t virtio_pci_isr(struct virtio_pci *dev);

/* One access to the config space, of 1, 2 or 4 bytes */
uint32_t virtio_pci_config(struct virtio_pci *dev, uint32_t offset,
			   unsigned int size);
void virtio_pci_set_config(struct virtio_pci *dev, uint32_t offset,
			   unsigned int size, uint32_t value);

#endif
