/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* A request whose buffers are apart: for tests of hostile IOMMUs. */
#ifndef TEST_IOMMU_RIG_H
#define TEST_IOMMU_RIG_H

#include "tests/lib/daemon/rig.h"
#include "tests/lib/test.h"
#include "vhost/front/front_setup.h"

#define PAGE   FRONT_MEM_PAGE
#define OUT_AT (SPI_FRONT_HIGH_ADDR + 600 * PAGE)
#define LEN    100
/* The status is on a page of its own. */
#define IN_AT (SPI_FRONT_HIGH_ADDR + 700 * PAGE - LEN)

static const struct spi_front_framing apart = { .out_addr = OUT_AT,
						.in_addr = IN_AT };

static uint8_t bytes[LEN];
static const struct spi_front_request duplex = {
	{ .bits_per_word = 8, .cs_change = 1, .tx_nbits = 1, .rx_nbits = 1 },
	bytes,
	LEN,
	NULL,
	LEN
};

static inline void expect_status(struct spi_front *front, uint8_t status)
{
	struct spi_front_result result;

	assert_int_equal(spi_front_transfer(front, &duplex, &apart, &result),
			 0);
	assert_int_equal(result.status, status);
	assert_int_equal(result.used_len, LEN + 1);
}

/* An update that tells where the page at @addr is. */
static inline struct vhost_wire_iotlb update_of(struct spi_front *front,
						uint64_t addr)
{
	return (struct vhost_wire_iotlb){
		.iova = addr,
		.size = PAGE,
		.user_addr = front_mem_guest_addr(&front->mem, addr) +
			     FRONT_MEM_USER_SHIFT,
		.access = VHOST_ACCESS_RW,
		.type = VHOST_IOTLB_UPDATE,
	};
}

#endif
