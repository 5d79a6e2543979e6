/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/*
 * A driver of QEMU's virtio SPI controller: virtio 1.4, section 5.21.
 * Errors fail the running test.
 */
#ifndef TESTS_QTEST_SPI_DRIVER_H
#define TESTS_QTEST_SPI_DRIVER_H

#include <stdint.h>

#include "tests/qtest/driver_ring.h"
#include "tests/qtest/virtio_pci.h"

/* Guest memory that one driver takes: its ring, then its buffers. */
#define SPI_DRIVER_BYTES (DRIVER_RING_BYTES + DRIVER_RING_MAX * 0x2000)

/* The chips behind the device, by chip select */
#define SPI_DRIVER_ECHO 0 /* returns what it is sent */
#define SPI_DRIVER_CHIP 1 /* a flash with this JEDEC ID, cs=nor */
#define SPI_DRIVER_CHIP_ID       \
	{                        \
		0xef, 0x40, 0x14 \
	}

/* The longest transfer */
#define SPI_DRIVER_MAX_LEN 0xf00

/* Preset in the status byte; a device that leaves it there is noticed. */
#define SPI_DRIVER_UNWRITTEN 0xff

struct spi_driver {
	struct virtio_pci pci;
	struct driver_ring ring;
	uint64_t memory;   /* of SPI_DRIVER_BYTES */
	uint64_t buffers;  /* may be moved when none is in use */
	uint64_t shift;	   /* of an IOMMU: see driver_ring.h */
	uint16_t max_size; /* descriptors; 0: what the device allows */
	struct {
		uint32_t tx_len, rx_len;
	} pending[DRIVER_RING_MAX]; /* by id */
};

struct spi_driver_request {
	uint8_t cs;
	uint8_t cs_change;
	const void *tx;
	uint32_t tx_len, rx_len; /* bytes */
};

struct spi_driver_result {
	uint8_t status;
	uint32_t used_len;
	uint8_t rx[SPI_DRIVER_MAX_LEN];
};

/* Finds the device in @slot; @memory is the driver's to use. */
void spi_driver_open(struct spi_driver *d, struct qtest *qt, unsigned int slot,
		     uint64_t memory);

/* Resets the device and gets it going with the @features, all offered. */
void spi_driver_start(struct spi_driver *d, uint64_t features);

/*
 * The two halves of that, for what comes in between: everything up to the
 * ring in memory, which the device does not know of yet; and the rest.
 */
void spi_driver_prepare(struct spi_driver *d, uint64_t features);
void spi_driver_go(struct spi_driver *d);

/* Adds a request; spi_driver_kick() tells the device. Returns its id. */
uint16_t spi_driver_add(struct spi_driver *d,
			const struct spi_driver_request *request);
void spi_driver_kick(struct spi_driver *d);

/* Waits for the oldest request, by interrupt. @result may be NULL. */
void spi_driver_wait(struct spi_driver *d, struct spi_driver_result *result);

/* All three. */
void spi_driver_transfer(struct spi_driver *d,
			 const struct spi_driver_request *request,
			 struct spi_driver_result *result);

/* Chip 0 returns the @len bytes that it is sent: now, or in two halves. */
void spi_driver_check_echo(struct spi_driver *d, uint32_t len, uint32_t seed);
void spi_driver_add_echo(struct spi_driver *d, uint32_t len, uint32_t seed);
void spi_driver_wait_echo(struct spi_driver *d, uint32_t len, uint32_t seed);

/* Chip 1 tells who it is, when asked as Linux does it. */
void spi_driver_check_id(struct spi_driver *d);

#endif
